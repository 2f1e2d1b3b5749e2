// clarion.yaml(5): the keys of the configuration, as its table has them.
#include "cli/man.h"
#include "cli/roff.h"
#include "service/config.h"

static void write_key(struct buf *out, const struct config_key *key)
{
    struct buf text BUF_AUTO = {0};
    const char *words = config_words_of(key->path);
    buf_addf(&text, "%s", words != NULL ? words : "");
    if (key->fallback != NULL)
        buf_addf(&text, " Default: %s.", key->fallback);
    struct buf type BUF_AUTO = {0};
    buf_addf(&type, "(%s)", config_type_name(key->type));
    roff_entry(out, slice_str(key->path), buf_slice(&type), text.p);
}

static void write_keys(struct buf *out, bool in_force)
{
    for (const struct config_key *key = config_keys; key->path != NULL; key++) {
        if ((key->note == NULL) != in_force)
            continue;
        if (in_force)
            write_key(out, key);
        else
            roff_entry(out, slice_str(key->path), SLICE(""), key->note);
    }
}

static void write_limits(struct buf *out)
{
    for (size_t i = 0; limits_entry(i) != NULL; i++) {
        struct buf value BUF_AUTO = {0};
        buf_addf(&value, "%llu", (unsigned long long)limits_entry(i)->value);
        roff_entry(out, slice_str(limits_entry(i)->name), buf_slice(&value), limits_entry(i)->text);
    }
}

void man_config(struct buf *out)
{
    roff_page(out, "clarion.yaml", '5', "configuration of the service");
    roff_section(out, "DESCRIPTION");
    roff_details(
        out,
        "The file that clarion serve and clarion check-config read with -c, or that $CLAIR_CONF names. It ends in .yaml or\n"
        ".json. Clair v4's file works as it is. Keys are written here with dots: matcher.period is the key period below\n"
        "the key matcher.\n"
        "\n"
        "Files of the folder beside it, with .d behind its name, are taken in the order of their names: those with the same\n"
        "extension as a JSON merge patch (RFC 7396), those with -patch behind it as a JSON patch (RFC 6902), others not at\n"
        "all. clarion check-config prints what is in force, from which file and line, and all that is wrong.\n");
    roff_section(out, "KEYS");
    write_keys(out, true);
    roff_section(out, "KEYS WITHOUT EFFECT");
    roff_details(out, "Those of Clair that are known and change nothing, and why.\n");
    write_keys(out, false);
    roff_section(out, "LIMITS");
    roff_details(out, "Below the key limits, or by the option --limit; with their defaults.\n");
    write_limits(out);
    roff_section(out, "EXAMPLE");
    buf_adds(out, ".nf\n");
    roff_text(out, SLICE("http_listen_addr: \":6060\"\n"
                         "introspection_addr: \"127.0.0.1:8089\"\n"
                         "indexer:\n"
                         "  fetch: {allow: [registry.internal]}\n"
                         "matcher:\n"
                         "  period: 1h\n"
                         "notifier:\n"
                         "  webhook:\n"
                         "    target: https://hooks.internal/clarion\n"
                         "    callback: https://clarion.internal/notifier/api/v1/notification\n"));
    buf_adds(out, ".fi\n");
    roff_section(out, "SEE ALSO");
    roff_reference(out, "clarion-serve", '1', true);
    roff_reference(out, "clarion-check-config", '1', false);
}
