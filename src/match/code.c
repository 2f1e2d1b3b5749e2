// The rules of distributions for what a package is called that is split off from one with the code:
// Debian's policy manual (5.1.1, 8.4, 12.3) and developer's reference (6.7), Fedora's packaging guidelines (naming,
// "Devel packages", "Font packages", "Debuginfo packages"), Alpine's APKBUILD reference (subpackages).
#include "match/code.h"

// A development package holds headers, and, where it has one, the static library: that is the code.
static const struct rule {
    const char *kinds; // blank-separated
    const char *prefix, *suffix;
    bool missing;
    const char *what;
} rules[] = {
    {"deb", "linux-headers-", "", true, "headers of the kernel"},
    {"deb", "linux-libc-dev", "", true, "headers of the kernel"},
    {"deb", "linux-kbuild-", "", true, "what builds modules of the kernel"},
    {"deb", "linux-doc", "", true, "documentation"},
    {"apk", "linux-headers", "", true, "headers of the kernel"},
    {"rpm", "kernel", "-headers", true, "headers of the kernel"},
    {"rpm", "kernel", "-devel", true, "headers of the kernel"},
    {"rpm", "kernel-default-devel", "", true, "headers of the kernel"},
    {"deb rpm apk", "", "-headers", true, "headers"},
    {"deb rpm apk", "", "-doc", true, "documentation"},
    {"deb rpm", "", "-docs", true, "documentation"},
    {"deb rpm", "", "-doc-html", true, "documentation"},
    {"rpm", "", "-javadoc", true, "documentation"},
    {"deb rpm", "", "-manual", true, "documentation"},
    {"rpm", "", "-man-pages", true, "documentation"},
    {"rpm", "", "-filesystem", true, "empty folders"},
    {"deb", "", "-dbg", true, "debugging symbols"},
    {"apk", "", "-dbg", true, "debugging symbols"},
    {"deb", "", "-dbgsym", true, "debugging symbols"},
    {"rpm", "", "-debuginfo", true, "debugging symbols"},
    {"rpm", "", "-debugsource", true, "sources for debuggers"},
    {"rpm apk", "", "-lang", true, "translations"},
    {"deb", "libreoffice-l10n-", "", true, "translations"},
    {"deb", "firefox-esr-l10n-", "", true, "translations"},
    {"deb", "thunderbird-l10n-", "", true, "translations"},
    {"deb", "", "-l10n", true, "translations"},
    {"deb", "", "-i18n", true, "translations"},
    {"rpm", "", "-locale", true, "translations"},
    {"deb", "", "-locale", true, "translations"},
    {"rpm", "", "-langpack", true, "translations"},
    {"deb", "language-pack-", "", true, "translations"},
    {"rpm", "glibc-langpack-", "", true, "translations"},
    {"rpm", "glibc-all-langpacks", "", true, "translations"},
    {"deb", "fonts-", "", true, "fonts"},
    {"apk", "font-", "", true, "fonts"},
    {"rpm", "", "-fonts", true, "fonts"},
    {"apk", "", "-bash-completion", true, "completion for shells"},
    {"apk", "", "-zsh-completion", true, "completion for shells"},
    {"apk", "", "-fish-completion", true, "completion for shells"},
    {"rpm", "", "-bash-completion", true, "completion for shells"},
    {"rpm", "", "-licenses", true, "licences"},
    {"deb apk", "", "-dev", false, "development files"},
    {"rpm", "", "-devel", false, "development files"},
};

static bool has_word(const char *words, struct slice word)
{
    struct slice one, rest = slice_str(words);
    while (rest.n != 0) {
        slice_cut(rest, ' ', &one, &rest);
        if (slice_eq(one, word))
            return true;
    }
    return false;
}

static bool fits(const struct rule *rule, const struct package *p)
{
    struct slice prefix = slice_str(rule->prefix), suffix = slice_str(rule->suffix);
    return has_word(rule->kinds, p->kind) && p->name.n >= prefix.n + suffix.n && slice_starts(p->name, prefix) &&
           slice_ends(p->name, suffix);
}

struct package_code package_code(const struct package *p)
{
    if (p->source_name.n == 0 || slice_eq(p->source_name, p->name))
        return (struct package_code){0};
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
        if (fits(&rules[i], p))
            return (struct package_code){rules[i].missing, rules[i].what};
    return (struct package_code){0};
}
