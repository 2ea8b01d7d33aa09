package main

import (
	"bytes"
	"strings"
	"testing"
)

// TestBadScenarios: one clear line with the number of the line that is wrong, and no trace.
func TestBadScenarios(t *testing.T) {
	const root = "sup r one_for_one 1 5\n"
	tests := []struct {
		name, scenario, want string
	}{
		{"empty", "", "line 1: no supervisor"},
		{"unknown line", root + "\nfoo bar", `line 3: "foo" is unknown`},
		{"unknown strategy", "sup r one_for_two 1 5", `line 1: strategy "one_for_two" is unknown`},
		{"no intensity", "sup r one_for_one", "line 1: sup r needs STRATEGY INTENSITY PERIOD"},
		{"negative intensity", "sup r one_for_one -1 5", `line 1: intensity "-1" is not a whole number`},
		{"no period", "sup r one_for_one 1 0", `line 1: period "0" is not a whole number from 1`},
		{"intensity beyond bounds", "sup r one_for_one 9999999 5", "line 1: r: supervision: intensity: restarts 9999999 is above"},
		{"unknown option", root + "child r/a colour=red", `line 2: option "colour" is unknown`},
		{"option without value", root + "child r/a restart", `line 2: "restart" is no option`},
		{"unknown restart type", root + "child r/a restart=often", `line 2: restart "often" is unknown`},
		{"unknown stop", root + "child r/a stop=later", `line 2: stop "later" is unknown`},
		{"bad shutdown", root + "child r/a shutdown=-1", `line 2: shutdown "-1"`},
		{"never ends", root + "child r/a shutdown=infinity stop=ignore", "line 2: stop=ignore with shutdown=infinity"},
		{"template of a static supervisor", "sup r one_for_one 1 5 crestart=temporary", "line 1: crestart is for simple_one_for_one"},
		{"shutdown of a supervisor", "sup r one_for_one 1 5 shutdown=5", "line 1: shutdown is not for a sup"},
		{"twice", root + "child r/a\nchild r/a", "line 3: r/a is declared twice"},
		{"no path", root + "child", "line 2: child needs a path"},
		{"no supervisor", root + "child r/a/b", `line 2: r/a/b has no supervisor: declare sup "r/a"`},
		{"child of a worker", root + "child r/a\nchild r/a/b", "line 3: r/a/b has no supervisor"},
		{"child of a dynamic supervisor", root + "sup r/d simple_one_for_one 1 5\nchild r/d/x", "line 3: r/d is simple_one_for_one"},
		{"root is a worker", "child r", "line 1: r is the root and must be a sup"},
		{"significance without effect", root + "child r/a restart=transient significant=true", "line 1: r: supervision: child \"a\": bad combination"},
		{"the same of a template", root + "sup r/d simple_one_for_one 1 5 csignificant=true", "line 2: r/d: supervision: child \"template\""},
		{"tree after a command", root + "at 0 stop\nchild r/a", "line 3: child comes after a command"},
		{"no command", root + "at 0", "line 2: at needs a time and a command"},
		{"no time", root + "at noon stop", `line 2: time "noon"`},
		{"time goes back", root + "at 5 stop\nat 4 stop", "line 3: time 4ms is before that of the command before"},
		{"unknown command", root + "at 0 dance r/a", `line 2: command "dance" is unknown`},
		{"too few arguments", root + "at 0 crash r/a", "line 2: crash takes 2 arguments, not 1"},
		{"too many arguments", root + "at 0 stop now", "line 2: stop takes 0 arguments, not 1"},
		{"no child", root + "at 0 terminate r", "line 2: terminate r: name a child"},
		{"no sup", root + "at 0 mix", "line 2: mix needs a path"},
		{"burst without reason", root + "at 0 burst r/a", "line 2: burst needs a reason after every path"},
		{"burst over supervisors", root + "at 0 burst r/a x r/b/c x", "line 2: burst: r/b/c is not a child of r"},
		{"bad count", root + "at 0 fail r/a many", `line 2: count "many"`},
		{"bad item", root + "at 0 mix r crash:a", `line 2: mix: "crash:a" is none of`},
		{"crash of a supervisor", root + "sup r/s one_for_one 1 5\nat 0 crash r/s boom", "line 3: r/s is a supervisor: only workers crash"},
		{"the same in a mix", root + "sup r/s one_for_one 1 5\nat 0 mix r crash:s:boom", "line 3: r/s is a supervisor"},
		{"long line", root + "#" + strings.Repeat("x", maxLine), "line 2: bufio.Scanner: token too long"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			err := run(strings.NewReader(tt.scenario), &out)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("run: got error %v, want one line that begins with %q", err, tt.want)
			}
			if out.Len() > 0 {
				t.Errorf("output: got %q, want none", out.String())
			}
		})
	}
}

// FuzzRun: whatever the input, an error or a trace, and never both.
func FuzzRun(f *testing.F) {
	f.Add("sup r rest_for_one 1 5\nsup r/d simple_one_for_one 1 5\nchild r/a\nat 0 startdyn r/d/x\nat 0 burst r/a kill\nat 9 which r/d\nat 9 stop")
	f.Add("sup r one_for_all 3 1 auto=all_significant\nchild r/a restart=transient significant=true stop=slow:9\nat 0 mix r crash:a:normal start:a which")
	f.Fuzz(func(t *testing.T, scenario string) {
		var out bytes.Buffer
		if err := run(strings.NewReader(scenario), &out); (err != nil) != (out.Len() == 0) {
			t.Errorf("run: got error %v with %d bytes of output", err, out.Len())
		}
	})
}
