-- Layers, what was found in them, and the images they make up.

-- Digests of manifests and layers are kept as their bytes: 32 of sha256, 64 of sha512.
CREATE TABLE layer (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
);

-- The states of the indexer that something was found under.
CREATE TABLE indexer_state (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
);

-- findings: the JSON of a layer's findings, compressed with zstd.
CREATE TABLE layer_findings (
    layer_id INTEGER NOT NULL REFERENCES layer (id),
    state_id INTEGER NOT NULL REFERENCES indexer_state (id),
    findings BLOB NOT NULL,
    PRIMARY KEY (layer_id, state_id)
);

-- A layer upon those below it, as images have it: an image knows its uppermost one, and images built on the same layers
-- share these. parent: 0 for the lowest, whose position is 0.
CREATE TABLE layer_chain (
    id INTEGER PRIMARY KEY,
    parent INTEGER NOT NULL,
    position INTEGER NOT NULL,
    layer_id INTEGER NOT NULL REFERENCES layer (id),
    media_type TEXT NOT NULL,
    created_by TEXT NOT NULL,
    skip_reason TEXT NOT NULL,
    size INTEGER NOT NULL
);
CREATE INDEX layer_chain_by_parent ON layer_chain (parent, layer_id);
CREATE INDEX layer_chain_by_layer ON layer_chain (layer_id);

CREATE TABLE distribution (
    id INTEGER PRIMARY KEY,
    did TEXT NOT NULL,
    id_like TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id TEXT NOT NULL,
    codename TEXT NOT NULL,
    pretty_name TEXT NOT NULL,
    cpe TEXT NOT NULL,
    support_end TEXT NOT NULL,
    UNIQUE (did, id_like, name, version, version_id, codename, pretty_name, cpe, support_end)
);

CREATE TABLE package (
    id INTEGER PRIMARY KEY,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    arch TEXT NOT NULL,
    module TEXT NOT NULL,
    vendor TEXT NOT NULL,
    source_name TEXT NOT NULL,
    source_version TEXT NOT NULL,
    UNIQUE (name, version, arch, kind, module, vendor, source_name, source_version)
);
CREATE INDEX package_by_source ON package (source_name);

-- Packages that one layer brought, with the database, the package that owns it and the repository of each. Most of an
-- image's packages come with its base, so images share these parts; digest is that of the members.
CREATE TABLE package_part (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
);
CREATE TABLE package_part_member (
    part_id INTEGER NOT NULL REFERENCES package_part (id),
    package_id INTEGER NOT NULL REFERENCES package (id),
    scanner TEXT NOT NULL,
    db TEXT NOT NULL,
    owner TEXT NOT NULL,
    repository TEXT NOT NULL
);
CREATE INDEX package_part_member_by_part ON package_part_member (part_id);
CREATE INDEX package_part_member_by_package ON package_part_member (package_id, part_id, db);

-- The packages and repositories of an image: its parts, each with the layer (0 is the base) that brought it. Images with
-- the same ones share a set; digest is that of all of it.
CREATE TABLE package_set (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE
);
CREATE TABLE package_set_part (
    part_id INTEGER NOT NULL REFERENCES package_part (id),
    set_id INTEGER NOT NULL REFERENCES package_set (id),
    layer INTEGER NOT NULL,
    PRIMARY KEY (part_id, set_id)
) WITHOUT ROWID;
CREATE INDEX package_set_part_by_set ON package_set_part (set_id);
CREATE TABLE package_set_repository (
    set_id INTEGER NOT NULL REFERENCES package_set (id),
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    layer INTEGER NOT NULL,
    PRIMARY KEY (set_id, repository)
) WITHOUT ROWID;
CREATE VIEW package_set_member AS
    SELECT p.set_id, m.package_id, m.scanner, m.db, m.owner, p.layer, m.repository
    FROM package_part_member m JOIN package_set_part p ON p.part_id = m.part_id;

-- What very many images have in common. state: of the indexer.
CREATE TABLE image_sort (
    id INTEGER PRIMARY KEY,
    state_id INTEGER NOT NULL REFERENCES indexer_state (id),
    kind TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    UNIQUE (state_id, kind, os, arch)
);

-- What of an image, beside the packages themselves, decides how they are judged. distribution_id: 0 where it is not
-- known. repositories: their ids in order, each followed by a newline.
CREATE TABLE context (
    id INTEGER PRIMARY KEY,
    distribution_id INTEGER NOT NULL,
    repositories TEXT NOT NULL,
    UNIQUE (distribution_id, repositories)
);

-- chain_id: 0 for an image without layers. skips and remarks: JSON, empty where there are none.
CREATE TABLE image (
    id INTEGER PRIMARY KEY,
    manifest BLOB NOT NULL UNIQUE,
    config BLOB NOT NULL,
    reference TEXT NOT NULL,
    sort_id INTEGER NOT NULL REFERENCES image_sort (id),
    indexed INTEGER NOT NULL,
    distribution_id INTEGER REFERENCES distribution (id),
    set_id INTEGER NOT NULL REFERENCES package_set (id),
    chain_id INTEGER NOT NULL,
    skips TEXT NOT NULL,
    skips_total INTEGER NOT NULL,
    remarks TEXT NOT NULL,
    context_id INTEGER NOT NULL REFERENCES context (id)
);
CREATE INDEX image_by_set_and_context ON image (set_id, context_id);
CREATE INDEX image_by_chain ON image (chain_id);
