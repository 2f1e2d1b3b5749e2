-- From a name in a feed's record to the images that it concerns.

-- The contexts that a package occurs in; some of them perhaps no longer.
CREATE TABLE package_context (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    context_id INTEGER NOT NULL REFERENCES context (id),
    PRIMARY KEY (package_id, context_id)
) WITHOUT ROWID;

-- The names under which any matcher looks a package up. named: the version of the rules that gave them, 0 none.
ALTER TABLE package ADD COLUMN named INTEGER NOT NULL DEFAULT 0;
CREATE INDEX package_by_named ON package (named);
CREATE INDEX package_by_kind ON package (kind);
CREATE TABLE lookup_name (
    package_id INTEGER NOT NULL REFERENCES package (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (package_id, name)
) WITHOUT ROWID;
CREATE INDEX lookup_name_by_name ON lookup_name (name);

-- Packages of languages that one of the distribution brought along.
CREATE INDEX package_part_member_by_owner ON package_part_member (owner, part_id) WHERE owner <> '';
CREATE INDEX package_part_member_owned ON package_part_member (package_id, part_id) WHERE owner <> '';
CREATE INDEX package_part_member_owned_by_part ON package_part_member (part_id) WHERE owner <> '';
