// The completion script for fish. Its words carry their help texts.
#include "cli/completion.h"

static void add_text(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *text);
    }
}

// The options of `complete` for what may stand there; fish offers files unless it is told not to.
static void add_answer(struct buf *out, struct completion c)
{
    switch (c.kind) {
    case COMPLETE_WORDS:
        buf_addf(out, " -f -a '%s'", c.words);
        break;
    case COMPLETE_TARGETS:
        buf_adds(out, " -F -a '" COMPLETION_KINDS "'");
        break;
    case COMPLETE_FILES:
        buf_adds(out, " -F");
        break;
    case COMPLETE_FOLDERS:
        buf_adds(out, " -f -a '(__fish_complete_directories)'");
        break;
    case COMPLETE_IMAGES:
        buf_adds(out, " -f -a '(clarion images 2>/dev/null | string match -r \"^sha256:[0-9a-f]+\")'");
        break;
    case COMPLETE_NOTHING:
        buf_adds(out, " -f");
    }
}

static void write_option(struct buf *out, const struct command *command, const struct option_spec *option,
                         const struct completion_words *words)
{
    buf_addf(out, "complete -c clarion -n '__clarion_in %s' -l %s", command->name, option->name);
    if (option->letter != '\0')
        buf_addf(out, " -s %c", option->letter);
    if (option->value != NULL) {
        buf_adds(out, " -r");
        add_answer(out, completion_of_option(option, words));
    }
    buf_adds(out, " -d '");
    add_text(out, option->help);
    buf_adds(out, "'\n");
}

static void write_command(struct buf *out, const struct command *command, const struct completion_words *words)
{
    buf_addf(out, "complete -c clarion -f -n __clarion_first -a %s -d '", command->name);
    add_text(out, command->summary);
    buf_addf(out, "'\ncomplete -c clarion -n '__clarion_in %s 2'", command->name);
    add_answer(out, completion_of_first(command, words));
    buf_addf(out, "\ncomplete -c clarion -n '__clarion_in %s 3'", command->name);
    add_answer(out, completion_of_others(command, words));
    buf_addc(out, '\n');
    const struct option_spec *const tables[] = {command->options, common_options};
    for (size_t t = 0; t < 2; t++)
        for (const struct option_spec *o = tables[t]; o != NULL && o->name != NULL; o++)
            write_option(out, command, o, words);
}

void completion_fish(const struct completion_words *words, struct buf *out)
{
    buf_adds(out, "# clarion completion for fish: clarion completion fish > ~/.config/fish/completions/clarion.fish\n"
                  "function __clarion_first\n"
                  "    test (count (commandline -opc)) -eq 1\n"
                  "end\n"
                  "# Is this the command, and with 2 its first argument, with 3 one behind that?\n"
                  "function __clarion_in\n"
                  "    set -l given (commandline -opc)\n"
                  "    test (count $given) -ge 2; and test $given[2] = $argv[1]; or return 1\n"
                  "    switch \"$argv[2]\"\n"
                  "        case 2\n            test (count $given) -eq 2\n"
                  "        case 3\n            test (count $given) -gt 2\n"
                  "    end\n"
                  "end\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        write_command(out, commands[i], words);
}
