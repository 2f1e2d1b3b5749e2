// The connection strings of the configuration: Clair has one for each of its parts, which here share one database.
#include "service/config.h"

#include "store/db.h"

struct string {
    const char *path;
    const struct secret *value;
};

const struct secret *config_database(const struct config *config)
{
    return config->indexer_database != NULL   ? config->indexer_database
           : config->matcher_database != NULL ? config->matcher_database
                                              : config->notifier_database;
}

// Is it one? What is wrong with it is told without it.
static void judge_string(struct config_check *check, struct arena *a, const struct string *s)
{
    struct error err;
    struct slice text = secret_reveal(s->value);
    struct db_source *source = NULL;
    if (!db_is_server(text))
        config_remark(check, a, true, s->path,
                      "must be of a PostgreSQL server: \"postgres://USER:PASSWORD@HOST/NAME\" or \"host=HOST "
                      "dbname=NAME user=USER\"");
    else if ((source = db_source_new(text, 0, &err)) == NULL)
        config_remark(check, a, true, s->path, err.text);
    db_source_free(&source);
}

void config_judge_database(struct config_check *check, struct arena *a)
{
    const struct string strings[] = {
        {"indexer.connstring", check->config.indexer_database},
        {"matcher.connstring", check->config.matcher_database},
        {"notifier.connstring", check->config.notifier_database},
    };
    const struct string *first = NULL;
    for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
        const struct string *s = &strings[i];
        if (s->value == NULL)
            continue;
        if (first == NULL)
            judge_string(check, a, first = s);
        else if (!slice_eq(secret_reveal(s->value), secret_reveal(first->value)))
            config_remark(check, a, true, s->path,
                          arena_printf(a, "must be the same as %s: one database is for all", first->path).p);
    }
}
