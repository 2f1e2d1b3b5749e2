// What is known of a CVE whatever it is found in, kept as mappings (mapping.h) from its id.
#pragma once

// nvd: scope "nvd:YEAR", the year of the id, "nvd:2002" for all before. A value is a CVSS vector, its label who gave
// it: "Primary nvd@nist.gov"; or, with the label "cwe", a weakness: "CWE-79".
#define ENRICHMENT_NVD            "nvd"
#define ENRICHMENT_NVD_FIRST_YEAR 2002
#define ENRICHMENT_NVD_PRIMARY    "Primary"
#define ENRICHMENT_NVD_SECONDARY  "Secondary"
#define ENRICHMENT_CWE            "cwe"

// epss: scope "epss". A value is probability and percentile, in millionths: "943580 999990"; of the key below the
// day that they are of, and the model that they were made with, as the file has them.
#define ENRICHMENT_EPSS       "epss"
#define ENRICHMENT_EPSS_MODEL "model"
#define ENRICHMENT_EPSS_UNIT  1000000u

// kev: scope "kev". A value is one of the catalogue's texts, its label the name of that: "dateAdded"; of the key below
// the catalogue's version.
#define ENRICHMENT_KEV         "kev"
#define ENRICHMENT_KEV_CATALOG "catalog"
