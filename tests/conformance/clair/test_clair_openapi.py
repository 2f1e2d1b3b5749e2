"""/openapi/v1 against OpenAPI's own schema, and the service against /openapi/v1 by schemathesis: what it makes of the
document's types, right ones and wrong ones, and whether each answer is one that the document has."""
import json
import re
import unittest

import clarion
import pypi
import serving
from clarion import debian_layer, stanza

SCHEMATHESIS = ("schemathesis==4.32.5",)
VALIDATOR = ("openapi-spec-validator==0.9.0",)
EXAMPLES, SEED = "40", "20"
CHECKS = ("not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,response_schema_conformance,"
          "negative_data_rejection,positive_data_acceptance,missing_required_header,unsupported_method")


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

    def test_service(self):
        self.update(self.feeds())
        self.run_clarion("index", self.image(debian_layer(stanza("openssl", "1.0.1e-1"))))
        service = serving.Service(self)
        done = pypi.run(SCHEMATHESIS, "-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", self.document(service),
                        "--url", "http://127.0.0.1:%d" % service.port, "--checks", CHECKS, "--mode", "all", "--max-examples", EXAMPLES, "--seed", SEED,
                        "--generation-database", "none", "--phases", "examples,coverage,fuzzing", "--no-color", "--request-timeout", "30",
                        timeout=600, cwd=self.folder)
        told = done.stdout.decode() + done.stderr.decode()
        self.assertEqual(done.returncode, 0, told[-12000:])
        cases = re.search(r"(\d+) generated", told)
        self.assertGreater(int(cases.group(1)), 200, told[-2000:])


if __name__ == "__main__":
    unittest.main()
