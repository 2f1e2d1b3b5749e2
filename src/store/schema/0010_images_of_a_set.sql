-- The images of a set are gone through in the order of their ids, a page at a time: one set may have very many.
DROP INDEX image_by_set_and_context;
CREATE INDEX image_by_set_and_context ON image (set_id, context_id, id);
