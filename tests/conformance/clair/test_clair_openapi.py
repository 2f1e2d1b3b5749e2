"""/openapi/v1 against OpenAPI's own schema, and the service against /openapi/v1 by schemathesis: what it makes of the
document's types, right ones and wrong ones, and whether each answer is one that the document has."""
import re
import unittest

import clarion
import pypi
import serving
from clarion import debian_layer, stanza

SCHEMATHESIS = ("schemathesis==4.32.5",)
VALIDATOR = ("openapi-spec-validator==0.9.0",)
EXAMPLES, SEED = "30", "20"
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,"
          "negative_data_rejection,positive_data_acceptance,missing_required_header,unsupported_method")

# What no answer below 500 says, as Clair or Harbor have it: a layer or an image that cannot be had (and what is made up cannot
# be), an update or a notification that is not there, a page of -1 items, a kind of artifact that is not scanned. And what the
# document leaves to others: the forms of registries' deliveries, and the grammar of references, in which parts go together in their lengths.
UNREACHABLE = """[[operations]]
include-name = "POST /indexer/api/v1/index_report"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "500"]

[[operations]]
include-name = "GET /matcher/api/v1/internal/update_diff"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "500"]

[[operations]]
include-name = "DELETE /notifier/api/v1/notification/{id}"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "500"]

[[operations]]
include-name = "GET /notifier/api/v1/notification/{id}"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "500"]

[[operations]]
include-name = "POST /harbor/api/v1/scan"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "501"]
checks.positive_data_acceptance.expected-statuses = ["2xx", "401", "422", "429"]

[[operations]]
include-name = "GET /harbor/api/v1/scan/{id}/report"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", "500"]

[[operations]]
include-name = "GET /api/v1/images"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401"]

[[operations]]
include-name = "POST /api/v1/events/registry"
checks.positive_data_acceptance.expected-statuses = ["2xx", "400", "401", "403", "429"]
"""


class OpenApi(clarion.Case):
    def test_document(self):
        document = self.document(serving.Service(self))
        done = pypi.run(VALIDATOR, "-m", "openapi_spec_validator", "--schema", "3.1", document, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout.decode()[-3000:] + done.stderr.decode()[-3000:])

    def document(self, service):
        path = self.path("openapi.json")
        with open(path, "wb") as f:
            f.write(service.get("/openapi/v1").body)
        return path

    def run_against(self, service, settings, phases, *more):
        with open(self.path("schemathesis.toml"), "w", encoding="utf-8") as f:
            f.write(settings)
        done = pypi.run(SCHEMATHESIS, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "--config-file", self.path("schemathesis.toml"),
                        "run", self.document(service), "--url", "http://127.0.0.1:%d" % service.port, "--checks", CHECKS, "--mode", "all",
                        "--max-examples", EXAMPLES, "--seed", SEED, "--generation-database", "none", "--phases", phases, "--no-color",
                        "--request-timeout", "30", *more, timeout=600, cwd=self.folder)
        told = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(done.returncode, 0, told[-6000:])
        return int(re.search(r"(\d+) generated", told).group(1))

    def test_service(self):
        """Each operation; then those of one manifest again, with one that is there."""
        self.update(self.feeds())
        digest = self.run_clarion("index", self.image(debian_layer(stanza("openssl", "1.0.1e-1"))), "--format", "clair").doc["manifest_hash"]
        service = serving.Service(self)
        self.assertGreater(self.run_against(service, UNREACHABLE, "coverage,fuzzing"), 200)
        known = self.run_against(service, '[parameters]\ndigest = "%s"\n' % digest, "fuzzing", "--include-operation-id", "getIndexReport",
                                 "--include-operation-id", "getVulnerabilityReport")
        self.assertGreater(known, 10)
        self.assertEqual(service.get("/matcher/api/v1/vulnerability_report/" + digest).status, 200)


if __name__ == "__main__":
    unittest.main()
