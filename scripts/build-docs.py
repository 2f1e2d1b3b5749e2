#!/usr/bin/env python3
"""Makes the documentation a site: build-docs.py FOLDER, where FOLDER/index.html is its first page.

The pages are README.md and docs/*.md, found by looking, and the reference of the API, which is made of openapi.json. mkdocs
makes the HTML, with a search that runs in the reader's browser; nothing is fetched from anywhere when a page is read.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OPENAPI = os.path.join(ROOT, "src", "service", "openapi.json")

# The order of the pages. Those that stand nowhere here come behind those of their neighbours, under "More".
SECTIONS = [
    ("Start", ["index", "tour", "install", "comparison"]),
    ("Scanning", ["registry", "sbom", "outputs", "matching", "scanners", "feeds", "coverage"]),
    ("Running the service", ["operations", "web", "events", "harbor", "notifications", "targets", "scaling"]),
    ("The API", ["api", "api-reference", "differences"]),
    ("Behind it", ["security", "performance", "decisions", "contributing", "changes"]),
]
BESIDE = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changes.md"}


# ---- the reference of the API --------------------------------------------------------------------------------------------

def resolved(document, node):
    """What a $ref stands for."""
    while "$ref" in node:
        target = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def cell(text):
    return re.sub(r"\s+", " ", str(text)).replace("|", "\\|").strip()


def name_of(schema):
    """A schema in a word, with a link to what it refers to."""
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return "[%s](#%s)" % (name, name.lower())
    if schema.get("type") == "array":
        return "list of " + name_of(schema.get("items", {}))
    for key in ("oneOf", "anyOf", "allOf"):
        if key in schema:
            return " or ".join(name_of(s) for s in schema[key])
    if isinstance(schema.get("additionalProperties"), dict):
        return "map to " + name_of(schema["additionalProperties"])
    kind = schema.get("type", "any")
    return " or ".join(kind) if isinstance(kind, list) else kind


def content_of(part):
    return ", ".join("`%s`%s" % (kind, ": " + name_of(media["schema"]) if media.get("schema") else "")
                     for kind, media in part.get("content", {}).items())


def write_operation(document, path, method, shared, operation, out):
    out.append("### %s %s\n" % (method.upper(), path))
    for key in ("summary", "description"):
        if operation.get(key):
            out.append(operation[key] + "\n")
    parameters = [resolved(document, p) for p in shared + operation.get("parameters", [])]
    if parameters:
        out.append("| parameter | in | type | |\n| --- | --- | --- | --- |")
        for p in parameters:
            needed = "" if p.get("required") else " (optional)"
            out.append("| `%s`%s | %s | %s | %s |" % (p["name"], needed, p["in"], cell(name_of(p.get("schema", {}))),
                                                   cell(p.get("description", ""))))
        out.append("")
    if "requestBody" in operation:
        body = resolved(document, operation["requestBody"])
        out.append("Body: %s %s\n" % (content_of(body), cell(body.get("description", ""))))
    out.append("| answer | | content |\n| --- | --- | --- |")
    for status, answer in operation.get("responses", {}).items():
        answer = resolved(document, answer)
        out.append("| %s | %s | %s |" % (status, cell(answer.get("description", "")), content_of(answer)))
    out.append("")


def write_schema(name, schema, out):
    out.append("### %s\n" % name)
    if schema.get("description"):
        out.append(schema["description"] + "\n")
    members = schema.get("properties", {})
    if not members:
        out.append("%s\n" % name_of(schema))
        return
    out.append("| member | type | |\n| --- | --- | --- |")
    for member, of in members.items():
        needed = "" if member in schema.get("required", []) else " (optional)"
        out.append("| `%s`%s | %s | %s |" % (member, needed, cell(name_of(of)), cell(of.get("description", ""))))
    out.append("")


def api_reference(document):
    out = ["# API reference\n", "Made of the document that the service gives at `/openapi/v1`. [The API](api.md) says what is behind it.\n"]
    tags = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in ("get", "put", "post", "delete", "head", "patch", "options"):
                tags.setdefault((operation.get("tags") or ["Other"])[0], []).append(
                    (path, method, item.get("parameters", []), operation))
    for tag, operations in tags.items():
        out.append("## %s\n" % tag)
        for path, method, shared, operation in operations:
            write_operation(document, path, method, shared, operation, out)
    out.append("## Documents\n")
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        write_schema(name, schema, out)
    return "\n".join(out) + "\n"


# ---- the site ------------------------------------------------------------------------------------------------------------

def stage(folder):
    """Copies all pages into one folder, with the links between them as they are there. Gives the names of the pages."""
    pages = {os.path.join("docs", name): name for name in sorted(os.listdir(os.path.join(ROOT, "docs"))) if name.endswith(".md")}
    pages.update(BESIDE)

    def relinked(source):
        def relink(match):
            path, hash_, anchor = match[1].partition("#")
            where = os.path.normpath(os.path.join(os.path.dirname(source), path)) if path else source
            return "](%s%s%s)" % (pages.get(where, path), hash_, anchor)
        return relink

    for source, target in pages.items():
        with open(os.path.join(ROOT, source), encoding="utf-8") as f:
            text = f.read()
        with open(os.path.join(folder, target), "w", encoding="utf-8") as f:
            f.write(re.sub(r"\]\((?![a-z]+:)([^)\s]+)\)", relinked(source), text))
    with open(OPENAPI, encoding="utf-8") as f, open(os.path.join(folder, "api-reference.md"), "w", encoding="utf-8") as out:
        out.write(api_reference(json.load(f)))
    return [name.removesuffix(".md") for name in os.listdir(folder)]


def navigation(names):
    named = {name for _, group in SECTIONS for name in group}
    sections = [(title, [name for name in group if name in names]) for title, group in SECTIONS]
    more = sorted(name for name in names if name not in named)
    return [{title: [name + ".md" for name in group]} for title, group in sections + [("More", more)] if group]


def main():
    site = os.path.abspath(sys.argv[1])
    if not shutil.which("mkdocs"):
        sys.exit("build-docs: there is no mkdocs: `scripts/setup.sh --docs` installs it")
    with tempfile.TemporaryDirectory() as work:
        pages = os.path.join(work, "pages")
        os.makedirs(pages)
        config = {
            "site_name": "Clarion", "site_url": "", "docs_dir": pages, "site_dir": site, "use_directory_urls": False,
            "nav": navigation(stage(pages)), "plugins": ["search"],
            # Highlighting and fonts come from elsewhere unless they are switched off, or lie in the site.
            "theme": {"name": "mkdocs", "highlightjs": False, "nav_style": "dark"},
            "markdown_extensions": ["tables", "fenced_code", {"toc": {"permalink": True}}],
        }
        with open(os.path.join(work, "mkdocs.yml"), "w", encoding="utf-8") as f:
            json.dump(config, f)  # which is YAML too
        done = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "--clean", "-f", f.name], capture_output=True, text=True, check=False)
        sys.stderr.write(done.stdout + done.stderr)
        if done.returncode:
            sys.exit("build-docs: the site could not be made; the lines above say why")


main()
