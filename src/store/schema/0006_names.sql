-- What images are called in registries, and what registries said of them that is still to be done.

-- name: "HOST/PATH", in full ("docker.io/library/nginx").
CREATE TABLE repository (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- Which manifests a repository has, tagged or not. pushed: microseconds since 1970; 0: nobody said.
CREATE TABLE repository_manifest (
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    manifest BLOB NOT NULL,
    pushed INTEGER NOT NULL,
    PRIMARY KEY (repository_id, manifest)
);
CREATE INDEX repository_manifest_by_manifest ON repository_manifest (manifest);

-- One row for each time that a tag was moved. pushed: as above; since: when that became known, seconds; until: when it
-- ended, microseconds; 0: the tag is there still.
CREATE TABLE tag (
    id INTEGER PRIMARY KEY,
    repository_id INTEGER NOT NULL REFERENCES repository (id),
    name TEXT NOT NULL,
    manifest BLOB NOT NULL,
    pushed INTEGER NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL
);
CREATE UNIQUE INDEX tag_in_force ON tag (repository_id, name) WHERE until = 0;
CREATE INDEX tag_by_name ON tag (repository_id, name);
CREATE INDEX tag_by_manifest ON tag (manifest);

-- The images that an index leads to. platform: "linux/arm/v7", empty when nobody says.
CREATE TABLE index_member (
    parent BLOB NOT NULL,
    manifest BLOB NOT NULL,
    platform TEXT NOT NULL,
    PRIMARY KEY (parent, manifest)
);
CREATE INDEX index_member_by_manifest ON index_member (manifest);

-- Pushes that registries told of, in the order in which they came. sender_id: the sender's own, empty when it gives
-- none. manifest: empty when only the tag was told. state: waiting, done, noted (of no image), failed (given up).
-- received, next: seconds; pushed: microseconds. next: when a waiting one is to be tried. node, until: who works on it,
-- and until when at least; empty and 0: nobody.
CREATE TABLE event (
    id INTEGER PRIMARY KEY,
    form TEXT NOT NULL,
    sender_id TEXT NOT NULL,
    repository TEXT NOT NULL,
    tag TEXT NOT NULL,
    manifest BLOB NOT NULL,
    pushed INTEGER NOT NULL,
    received INTEGER NOT NULL,
    state TEXT NOT NULL,
    tries INTEGER NOT NULL,
    next INTEGER NOT NULL,
    reason TEXT NOT NULL,
    node TEXT NOT NULL,
    until INTEGER NOT NULL
);
-- Those of one repository are worked on one after the other.
CREATE UNIQUE INDEX event_worked_on ON event (repository) WHERE until <> 0;
CREATE INDEX event_of_node ON event (node) WHERE until <> 0;
CREATE INDEX event_by_state ON event (state, id);
CREATE INDEX event_due ON event (state, next, id, repository);
CREATE INDEX event_by_sender ON event (form, sender_id);
CREATE INDEX event_by_repository ON event (repository, state);
