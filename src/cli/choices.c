// Words that have to be of a closed list: finding them, and saying what there is when they are not.
#include "cli/command.h"
#include "feed/feed.h"

// The place of a word in a blank-separated list; false when it is not there.
static bool place_in(const char *known, const char *word, size_t *place)
{
    struct slice rest = slice_str(known), item;
    for (*place = 0; rest.n != 0; (*place)++) {
        slice_cut(rest, ' ', &item, &rest);
        if (slice_eq(item, slice_str(word)))
            return true;
    }
    return false;
}

int cli_no_such(const struct cli *cli, const char *what, const char *given, const char *known)
{
    struct nearest nearest = nearest_to(slice_str(given));
    nearest_offer_list(&nearest, known);
    return cli_usage(cli, "there is no %s \"%s\" here; there are: %s%s", what, given, known,
                     nearest_hint(&nearest).text);
}

int cli_no_such_part(const struct cli *cli)
{
    const char *known = cli->command->parts, *given = cli->arguments[0];
    struct nearest nearest = nearest_to(slice_str(given));
    nearest_offer_list(&nearest, known);
    return cli_usage(cli, "there is no \"%s %s\"; there %s: %s%s", cli->command->name, given,
                     strchr(known, ' ') != NULL ? "are" : "is", known, nearest_hint(&nearest).text);
}

bool cli_check_part_options(const struct cli *cli)
{
    const struct command *command = cli->command;
    size_t place;
    if (command->part_options == NULL || !place_in(command->parts, cli->arguments[0], &place))
        return true;
    for (const struct part_option *o = command->part_options; o->option != NULL; o++)
        if (cli_value(cli, o->option) != NULL && !place_in(o->parts, cli->arguments[0], &place)) {
            cli_usage(cli, "clarion %s %s knows no --%s", command->name, cli->arguments[0], o->option);
            return false;
        }
    return true;
}

int cli_no_such_feed(const struct cli *cli, const char *given)
{
    struct nearest nearest = nearest_to(slice_str(given));
    for (size_t i = 0; feeds[i] != NULL; i++)
        nearest_offer(&nearest, slice_str(feeds[i]->name));
    return cli_usage(cli, "there is no feed \"%s\" (`clarion feeds` lists them)%s", given, nearest_hint(&nearest).text);
}

bool cli_choice(const struct cli *cli, const char *option, size_t *which)
{
    const struct option_spec *spec = cli->command->options;
    const char *given = cli_value(cli, option);
    *which = 0;
    if (given == NULL) // also where the command has no such option
        return true;
    while (strcmp(spec->name, option) != 0)
        spec++;
    if (place_in(spec->choices, given, which))
        return true;
    cli_no_such(cli, option, given, spec->choices);
    return false;
}
