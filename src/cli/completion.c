// clarion completion bash|zsh|fish: a completion script, made from the tables of commands and options.
#include "base/buf.h"
#include "cli/command.h"

typedef void each_option(struct buf *out, const struct option_spec *option, const struct command *command);

static void for_options(struct buf *out, const struct command *command, each_option *each)
{
    for (const struct option_spec *o = command->options; o != NULL && o->name != NULL; o++)
        each(out, o, command);
    for (const struct option_spec *o = common_options; o->name != NULL; o++)
        each(out, o, command);
}

static void name_command(struct buf *out, const struct command *command)
{
    buf_addf(out, "%s%s", out->n != 0 && out->p[out->n - 1] != '"' && out->p[out->n - 1] != '(' ? " " : "",
             command->name);
}

static void name_option(struct buf *out, const struct option_spec *option, const struct command *command)
{
    (void)command;
    buf_addf(out, " --%s", option->name);
}

static void bash_choices(struct buf *out, const struct option_spec *option, const struct command *command)
{
    if (option->choices != NULL)
        buf_addf(out, "        %s:--%s) words=\"%s\" ;;\n", command->name, option->name, option->choices);
}

// bash: the word before the cursor decides between an option's choices, the command's options, and file names.
static void write_bash(struct buf *out)
{
    buf_adds(
        out,
        "# clarion completion for bash: source <(clarion completion bash)\n"
        "_clarion()\n{\n"
        "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} command=${COMP_WORDS[1]} words=\n"
        "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n        words=\"");
    for (size_t i = 0; commands[i] != NULL; i++)
        name_command(out, commands[i]);
    buf_adds(out, "\"\n    else\n        case $command:$before in\n");
    for (size_t i = 0; commands[i] != NULL; i++)
        for_options(out, commands[i], bash_choices);
    buf_adds(out, "        *)\n            case $command in\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        buf_addf(out, "            %s) words=\"", commands[i]->name);
        for_options(out, commands[i], name_option);
        buf_adds(out, "\" ;;\n");
    }
    buf_adds(out, "            esac\n            [[ $current == -* ]] || words= ;;\n        esac\n    fi\n"
                  "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n}\n"
                  "complete -o default -F _clarion clarion\n");
}

// zsh quotes with '…'; the help texts are ours, but may hold quotes, brackets and colons.
static void zsh_text(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            buf_adds(out, "'\\''");
        else if (*text == '[' || *text == ']' || *text == ':')
            buf_addf(out, "\\%c", *text);
        else
            buf_addc(out, *text);
    }
}

static void zsh_option(struct buf *out, const struct option_spec *option, const struct command *command)
{
    (void)command;
    buf_addf(out, "            '--%s%s[", option->name, option->value != NULL ? "=" : "");
    zsh_text(out, option->help);
    buf_addc(out, ']');
    if (option->choices != NULL)
        buf_addf(out, ":%s:(%s)", option->name, option->choices);
    else if (option->value != NULL)
        buf_addf(out, ":%s:_files", option->name);
    buf_adds(out, "' \\\n");
}

static void write_zsh(struct buf *out)
{
    buf_adds(out, "#compdef clarion\n# clarion completion for zsh: put it into a folder of $fpath as _clarion\n"
                  "_clarion() {\n    local -a commands=(\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        buf_addf(out, "        '%s:", commands[i]->name);
        zsh_text(out, commands[i]->summary);
        buf_adds(out, "'\n");
    }
    buf_adds(out, "    )\n    if (( CURRENT == 2 )); then\n        _describe command commands\n        return\n    fi\n"
                  "    local command=$words[2]\n    shift words\n    (( CURRENT-- ))\n    case $command in\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        buf_addf(out, "    %s)\n        _arguments \\\n", commands[i]->name);
        for_options(out, commands[i], zsh_option);
        buf_adds(out, "            '*:target:_files' ;;\n");
    }
    buf_adds(out, "    esac\n}\n_clarion \"$@\"\n");
}

static void fish_text(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *text);
    }
}

static void fish_option(struct buf *out, const struct option_spec *option, const struct command *command)
{
    buf_addf(out, "complete -c clarion -n '__fish_seen_subcommand_from %s' -l %s", command->name, option->name);
    if (option->letter != '\0')
        buf_addf(out, " -s %c", option->letter);
    if (option->choices != NULL)
        buf_addf(out, " -x -a '%s'", option->choices);
    else if (option->value != NULL)
        buf_adds(out, " -r");
    buf_adds(out, " -d '");
    fish_text(out, option->help);
    buf_adds(out, "'\n");
}

static void write_fish(struct buf *out)
{
    buf_adds(out, "# clarion completion for fish: clarion completion fish > ~/.config/fish/completions/clarion.fish\n");
    for (size_t i = 0; commands[i] != NULL; i++) {
        buf_addf(out, "complete -c clarion -f -n __fish_use_subcommand -a %s -d '", commands[i]->name);
        fish_text(out, commands[i]->summary);
        buf_adds(out, "'\n");
        for_options(out, commands[i], fish_option);
    }
}

static const struct {
    const char *name;
    void (*write)(struct buf *out);
} shells[] = {{"bash", write_bash}, {"zsh", write_zsh}, {"fish", write_fish}};

static int run(struct cli *cli)
{
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        if (strcmp(cli->arguments[0], shells[i].name) != 0)
            continue;
        struct buf out BUF_AUTO = {0};
        shells[i].write(&out);
        return cli_emit(buf_slice(&out), NULL);
    }
    return cli_no_such_part(cli);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .arguments = "bash|zsh|fish",
    .parts = "bash zsh fish",
    .least = 1,
    .most = 1,
    .run = run,
};
