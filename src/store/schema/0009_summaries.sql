-- What is found in each image, counted, so that lists of images need not judge them; and what of it is to be made.

-- What references of images name, without tag and digest: "docker.io/library/nginx", "docker-archive:/srv/app.tar".
CREATE TABLE place (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- The figures of images with the same packages in the same context. They share a row unless VEX documents speak of some
-- of them by name: then those share one that have the same figures. class: as in summaries.h. recognised: 1 unless the
-- distribution is unknown. end_of_life: the day on which it ends or ended; empty where nobody says.
CREATE TABLE summary (
    id INTEGER PRIMARY KEY,
    set_id INTEGER NOT NULL REFERENCES package_set (id) ON DELETE CASCADE,
    context_id INTEGER NOT NULL REFERENCES context (id),
    class INTEGER NOT NULL,
    critical INTEGER NOT NULL,
    high INTEGER NOT NULL,
    medium INTEGER NOT NULL,
    low INTEGER NOT NULL,
    negligible INTEGER NOT NULL,
    unknown INTEGER NOT NULL,
    fixable INTEGER NOT NULL,
    exploited INTEGER NOT NULL,
    undetermined INTEGER NOT NULL,
    judged INTEGER NOT NULL,
    unjudged INTEGER NOT NULL,
    recognised INTEGER NOT NULL,
    end_of_life TEXT NOT NULL
);
CREATE INDEX summary_by_set_and_context ON summary (set_id, context_id);

-- Each image, as lists are ordered and filtered. class, summary_id: 0 as long as it was not judged. Written again only
-- where one of the two changes.
CREATE TABLE image_listed (
    image_id INTEGER NOT NULL REFERENCES image (id) ON DELETE CASCADE,
    place_id INTEGER NOT NULL REFERENCES place (id),
    indexed INTEGER NOT NULL,
    class INTEGER NOT NULL,
    summary_id INTEGER NOT NULL,
    PRIMARY KEY (image_id)
);
CREATE INDEX image_listed_by_class ON image_listed (class, indexed, image_id);
CREATE INDEX image_listed_by_place ON image_listed (place_id, class);

-- Packages and contexts whose summaries are to be made, or made again. asked: how often that was said meanwhile.
CREATE TABLE summary_due (
    set_id INTEGER NOT NULL REFERENCES package_set (id) ON DELETE CASCADE,
    context_id INTEGER NOT NULL REFERENCES context (id),
    asked INTEGER NOT NULL,
    PRIMARY KEY (set_id, context_id)
) WITHOUT ROWID;

-- What the summaries that are not due were made by: the segment of each feed, and, for the name '', a digest of all
-- else that decides: the program, what its configuration leaves out, and the VEX documents.
CREATE TABLE summarised (
    feed TEXT PRIMARY KEY,
    segment TEXT NOT NULL
);
CREATE INDEX summarised_by_segment ON summarised (segment);

-- Tags are searched by how they begin.
CREATE INDEX tag_by_beginning ON tag (name) WHERE until = 0;

-- The images that were there before: all of them are due. A place is what is in front of the first "@", without what is
-- behind a ":" that no "/" follows, where there is a "/" at all.
CREATE VIEW image_place AS
    SELECT id AS image_id, indexed, set_id, context_id, folder || CASE WHEN folder <> '' AND instr(ending, ':') > 0 THEN substr(ending, 1, instr(ending, ':') - 1) ELSE ending END AS name
    FROM (SELECT id, indexed, set_id, context_id, folder, substr(bare, length(folder) + 1) AS ending
        FROM (SELECT id, indexed, set_id, context_id, bare, rtrim(bare, replace(bare, '/', '')) AS folder
            FROM (SELECT id, indexed, set_id, context_id, CASE WHEN instr(reference, '@') > 0 THEN substr(reference, 1, instr(reference, '@') - 1) ELSE reference END AS bare
                FROM image) AS b) AS f) AS l;
INSERT INTO place (name) SELECT DISTINCT name FROM image_place;
INSERT INTO image_listed (image_id, place_id, indexed, class, summary_id)
    SELECT image_id, place.id, indexed, 0, 0 FROM image_place JOIN place ON place.name = image_place.name;
INSERT INTO summary_due (set_id, context_id, asked) SELECT DISTINCT set_id, context_id, 0 FROM image;
