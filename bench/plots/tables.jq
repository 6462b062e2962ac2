# Tables for gnuplot, from results.json. A table of several lines has one block for each, headed by its name.

def row: map(tostring) | join("\t");
def blocks: map(("\"" + .name + "\""), (.rows[] | row), "", "") | .[];

# The style of a line, so that one thing looks the same in all pictures. See style.gp.
def style:
    if . == "colock" then 1
    elif startswith("colock") then 2
    elif test("flat map") then 3
    elif test("\\|\\|") then 4
    elif test("kept") then 5
    elif startswith("map of timers") then 6
    elif startswith("map of") then 7
    elif startswith("concurrent_channel") then 8
    else 9 end;

def curve_of(name): .curves.curves[] | select(.name == name);

def curve(name):
    curve_of(name).series | map({name, rows: (.points | map([.x, .median, .min, .max]))}) | blocks;

# What gnuplot has to know of a table besides its numbers, as gnuplot reads it: names, styles, the last x.
def about(names; styles; last):
    (names | length) as $count
    | "count = \($count)",
      "last = \(last)",
      "array name_of[\($count)] = [\(names | map("\"\(.)\"") | join(", "))]",
      "array style_of[\($count)] = [\(styles[:$count] | map(tostring) | join(", "))]";

def about_curve(name):
    curve_of(name)
    | "heading = \"\(.title)\"",
      about([.series[].name]; [.series[].name | style]; [.series[].points[].x] | max);

# Each ratio over what is required, so that 1 is just good enough and less is better. A bound of 0 has no ratio.
def ratios:
    def relative(x): if .at_least then .must / x else x / .must end;
    def short: if . >= 100 then round elif . >= 0.1 then . * 100 | round / 100 else . * 1000 | round / 1000 end;
    [.micro.ratios[] | select(.must > 0 and .median > 0 and .min > 0)]
    | to_entries
    | map((length - .key) as $place | .value
        | [$place,
           "\"\(.what):  \(.median | short)  (\(if .at_least then "≥" else "≤" end) \(.must | short))\"",
           relative(.median), relative(.min), relative(.max), relative(.aim),
           (if .verdict == "aim met" then 1 elif .verdict == "must met" then 2 else 3 end)])
    | .[] | row;

def of_group(name): [.contention[] | select(.group == name)];
def by_scenario: . as $runs | reduce .[].scenario as $name ([]; if index($name) then . else . + [$name] end)
    | map(. as $name | {name: $name, runs: [$runs[] | select(.scenario == $name) | .result]});

# Scenarios have styles in their order.
def about_group(group; option):
    of_group(group)
    | about(by_scenario | map(.name); [1, 9, 7, 6, 8, 3, 2, 4, 5]; [.[].result.options[option] // 0] | max);

# Throughput against "coroutines" or "threads", in operations per microsecond.
def load(option):
    of_group(option) | by_scenario
    | map({name, rows: (.runs | map([.options[option], .throughput / 1e6]))}) | blocks;

# The percentiles of "wait_ns" or "hand_off_ns", in microseconds; a log axis has no 0.
def latency(what):
    of_group("latency") | by_scenario
    | map({name, rows: (.runs[0][what] | [.p50, .p90, .p99, .p99_9, .max] | to_entries
        | map([.key, ([.value, 1] | max) / 1000]))})
    | blocks;
