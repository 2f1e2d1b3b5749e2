// clarion completion bash|zsh|fish: a completion script, made from the tables of commands, options and feeds.
#include "cli/completion.h"
#include "feed/feed.h"

// What the words of --help mean. The first that fits counts.
static struct completion by_word(const char *word, const struct completion_words *words)
{
    static const struct {
        const char *begins;
        enum completion_kind kind;
    } meanings[] = {
        {"FILE", COMPLETE_FILES},      {"REPORT", COMPLETE_FILES},   {"DIR", COMPLETE_FOLDERS},
        {"URL|DIR", COMPLETE_FOLDERS}, {"TARGET", COMPLETE_TARGETS}, {"DIGEST", COMPLETE_IMAGES},
    };
    struct slice text = slice_from(slice_str(word), word[0] == '[');
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (slice_starts(text, slice_str(meanings[i].begins)))
            return (struct completion){.kind = meanings[i].kind};
    if (slice_starts(text, SLICE("FEED")))
        return (struct completion){COMPLETE_WORDS, words->feeds.p};
    if (slice_starts(text, SLICE("COMMAND")))
        return (struct completion){COMPLETE_WORDS, words->commands.p};
    return (struct completion){0};
}

struct completion completion_of_option(const struct option_spec *option, const struct completion_words *words)
{
    if (option->choices != NULL)
        return (struct completion){COMPLETE_WORDS, option->choices};
    return option->value != NULL ? by_word(option->value, words) : (struct completion){0};
}

struct completion completion_of_first(const struct command *command, const struct completion_words *words)
{
    if (command->parts != NULL)
        return (struct completion){COMPLETE_WORDS, command->parts};
    return by_word(command->arguments, words);
}

struct completion completion_of_others(const struct command *command, const struct completion_words *words)
{
    if (command->parts != NULL)
        return (struct completion){.kind = command->most > 1 ? COMPLETE_FILES : COMPLETE_NOTHING};
    return command->most > 1 ? by_word(command->arguments, words) : (struct completion){0};
}

static const struct {
    const char *name;
    void (*write)(const struct completion_words *words, struct buf *out);
} shells[] = {{"bash", completion_bash}, {"zsh", completion_zsh}, {"fish", completion_fish}};

static void add_word(struct buf *list, const char *word)
{
    buf_addf(list, "%s%s", list->n != 0 ? " " : "", word);
}

static int run(struct cli *cli)
{
    size_t i = 0, n = sizeof shells / sizeof shells[0];
    while (i < n && strcmp(cli->arguments[0], shells[i].name) != 0)
        i++;
    if (i == n)
        return cli_no_such_part(cli);
    struct completion_words words = {0};
    struct buf out BUF_AUTO = {0};
    for (size_t c = 0; commands[c] != NULL; c++)
        add_word(&words.commands, commands[c]->name);
    for (size_t f = 0; feeds[f] != NULL; f++)
        add_word(&words.feeds, feeds[f]->name);
    shells[i].write(&words, &out);
    buf_free(&words.commands);
    buf_free(&words.feeds);
    return cli_emit(buf_slice(&out), NULL);
}

const struct command command_completion = {
    .name = "completion",
    .summary = "print a completion script for a shell",
    .arguments = "bash|zsh|fish",
    .parts = "bash zsh fish",
    .details = "bash: source <(clarion completion bash), in ~/.bashrc\n"
               "zsh:  clarion completion zsh > _clarion, in a folder of $fpath\n"
               "fish: clarion completion fish > ~/.config/fish/completions/clarion.fish\n",
    .least = 1,
    .most = 1,
    .run = run,
};
