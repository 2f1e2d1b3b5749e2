// The style of the page: the colours of a light and of a dark screen, and of paper.
#pragma once

#define HTML_STYLE                                                                                                                                    \
    ":root{color-scheme:light dark;--bg:#fff;--fg:#1c2024;--dim:#5c6670;--line:#d9dee3;--soft:#f4f6f8;"                                               \
    "--link:#0b5cad;--s5:#8b1040;--s4:#c02a1f;--s3:#a05a00;--s2:#2f6f8f;--s1:#5c6670;--s0:#6b5b95;--kev:#1c2024;"                                     \
    "--on:#fff;--alert:#fff2d6;--alertline:#d69e2e}"                                                                                                  \
    "@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e4e8ec;--dim:#9aa5b0;--line:#30373e;--soft:#1d2226;"                                 \
    "--link:#7ab8f5;--s5:#ff8fb0;--s4:#ff9185;--s3:#f0b354;--s2:#7cc4e4;--s1:#a8b2bc;--s0:#c3b3ee;--kev:#e4e8ec;"                                     \
    "--on:#14171a;--alert:#3a2e12;--alertline:#b7791f}}"                                                                                              \
    "*{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--fg);"                                                                     \
    "font:15px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}"                                                           \
    "main{max-width:1280px;margin:0 auto;padding:28px 24px 64px}"                                                                                     \
    "h1{font-size:26px;line-height:1.25;margin:0 0 12px;overflow-wrap:anywhere}"                                                                      \
    "h2{font-size:19px;margin:40px 0 10px}h3{font-size:15px;margin:22px 0 8px}"                                                                       \
    ".n{color:var(--dim);font-weight:400}.kicker{margin:0;color:var(--dim)}"                                                                          \
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px;margin:0}dt{color:var(--dim)}"                                                \
    "dd{margin:0;overflow-wrap:anywhere}"                                                                                                             \
    ".alert{background:var(--alert);border-left:4px solid var(--alertline);padding:8px 12px;margin:12px 0;"                                           \
    "overflow-wrap:anywhere}.clean{font-size:18px}"                                                                                                   \
    ".bar{display:block;width:100%;height:22px;margin:26px 0 14px;border-radius:4px}"                                                                 \
    "rect.s5{fill:var(--s5)}rect.s4{fill:var(--s4)}rect.s3{fill:var(--s3)}rect.s2{fill:var(--s2)}"                                                    \
    "rect.s1{fill:var(--s1)}rect.s0{fill:var(--s0)}"                                                                                                  \
    ".counts{list-style:none;padding:0;margin:0;display:flex;flex-wrap:wrap;gap:6px 26px}.counts b{font-size:20px}"                                   \
    ".counts .s5 b{color:var(--s5)}.counts .s4 b{color:var(--s4)}.counts .s3 b{color:var(--s3)}"                                                      \
    ".counts .s2 b{color:var(--s2)}.counts .s1 b{color:var(--s1)}.counts .s0 b{color:var(--s0)}"                                                      \
    ".wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:14px}"                                                                 \
    "th{text-align:left;color:var(--dim);font-weight:500;padding:4px 12px 4px 0;border-bottom:1px solid var(--line);"                                 \
    "white-space:nowrap}td{padding:6px 12px 6px 0;border-bottom:1px solid var(--line);vertical-align:top;"                                            \
    "overflow-wrap:anywhere;min-width:4em}.id{white-space:nowrap;min-width:9em}.name{font-weight:600;min-width:8em}"                                  \
    ".version,.path,code{font-family:ui-monospace,\"DejaVu Sans Mono\",monospace;font-size:.89em}"                                                    \
    ".num{white-space:nowrap;font-variant-numeric:tabular-nums}"                                                                                      \
    ".sev{display:inline-block;padding:0 8px;border-radius:9px;font-size:.89em;white-space:nowrap;color:var(--on)}"                                   \
    ".sev.s5{background:var(--s5)}.sev.s4{background:var(--s4)}.sev.s3{background:var(--s3)}"                                                         \
    ".sev.s2{background:var(--s2)}.sev.s1{background:var(--s1)}.sev.s0{background:var(--s0)}"                                                         \
    ".sev.kev{background:var(--kev)}a{color:var(--link)}"                                                                                             \
    ".more{max-width:70em}summary{color:var(--dim);cursor:pointer}"                                                                                   \
    ".more{white-space:pre-line;margin:6px 0;overflow-wrap:anywhere}.dim{color:var(--dim);font-weight:400}.part td{border-bottom:0;padding-bottom:0}" \
    "@media print{main{max-width:none;padding:0}body{font-size:11px}table{font-size:10px}.wide{overflow:visible}"                                     \
    "tr,.alert{break-inside:avoid}h2,h3{break-after:avoid}thead{display:table-header-group}"                                                          \
    ".sev,rect{print-color-adjust:exact;-webkit-print-color-adjust:exact}}"
