-- Layers, what was found in them, and the images they make up.

CREATE TABLE layer (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
);

-- findings: the JSON of a layer's findings, compressed with zstd.
CREATE TABLE layer_findings (
    layer_id INTEGER NOT NULL REFERENCES layer (id),
    state TEXT NOT NULL,
    findings BLOB NOT NULL,
    PRIMARY KEY (layer_id, state)
);

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

-- The packages of an image, with the database, the package that owns it, the layer (0 is the base) and the
-- repository of each. Images built on the same packages share
-- one set; digest is that of its members.
CREATE TABLE package_set (
    id INTEGER PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE
);
CREATE TABLE package_set_member (
    set_id INTEGER NOT NULL REFERENCES package_set (id),
    package_id INTEGER NOT NULL REFERENCES package (id),
    scanner TEXT NOT NULL,
    db TEXT NOT NULL,
    owner TEXT NOT NULL,
    layer INTEGER NOT NULL,
    repository TEXT NOT NULL,
    PRIMARY KEY (package_id, set_id, db)
);
CREATE INDEX package_set_member_by_set ON package_set_member (set_id);

-- skips and remarks: JSON arrays.
CREATE TABLE image (
    id INTEGER PRIMARY KEY,
    manifest TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    config TEXT NOT NULL,
    reference TEXT NOT NULL,
    kind TEXT NOT NULL,
    os TEXT NOT NULL,
    arch TEXT NOT NULL,
    indexed INTEGER NOT NULL,
    distribution_id INTEGER REFERENCES distribution (id),
    set_id INTEGER NOT NULL REFERENCES package_set (id),
    skips TEXT NOT NULL,
    skips_total INTEGER NOT NULL,
    remarks TEXT NOT NULL
);
CREATE INDEX image_by_set ON image (set_id);

CREATE TABLE image_repository (
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    repository TEXT NOT NULL,
    path TEXT NOT NULL,
    layer INTEGER NOT NULL,
    PRIMARY KEY (image_id, repository)
);

CREATE TABLE image_layer (
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    layer_id INTEGER NOT NULL REFERENCES layer (id),
    media_type TEXT NOT NULL,
    created_by TEXT NOT NULL,
    skip_reason TEXT NOT NULL,
    size INTEGER NOT NULL,
    PRIMARY KEY (image_id, position)
);
CREATE INDEX image_layer_by_layer ON image_layer (layer_id);
