package protocol

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// A scenario file is a list of blocks: commands, a line "----", what they caused, an empty line. Lines that begin with #
// are comments. The commands are those of command; go test -run TestScenarios -update rewrites the results.
var update = flag.Bool("update", false, "rewrite the results in testdata/*.txt")

func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("scenario files: got %d (%v), want some", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScenario(t, string(raw))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(raw) {
				t.Errorf("%s: got other results than the file has:\n%s", file, got)
			}
		})
	}
}

// runScenario returns the file with the results that its commands have now.
func runScenario(t *testing.T, script string) string {
	t.Helper()
	w := newWorld()
	var out strings.Builder
	inResult := false
	for line := range strings.SplitSeq(strings.TrimRight(script, "\n"), "\n") {
		switch {
		case line == "":
			inResult = false
		case line == "----":
			inResult = true
			out.WriteString("----\n")
			for _, said := range w.lines {
				out.WriteString(brief(said) + "\n")
			}
			if len(w.lines) == 0 {
				out.WriteString("(nothing)\n")
			}
			w.lines = nil
			continue
		case inResult: // the old result
			continue
		case !strings.HasPrefix(line, "#"):
			if err := w.command(line); err != nil {
				t.Fatalf("command %q: %v", line, err)
			}
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}

// command carries out one line: what happens, to which connection, and how.
func (w *world) command(line string) error {
	word, rest, _ := strings.Cut(line, " ")
	name, rest, _ := strings.Cut(rest, " ")
	switch word {
	case "at": // a time after the start
		d, err := time.ParseDuration(name)
		w.now = start.Add(d)
		return err
	case "connect": // version compress
		version, compress, _ := strings.Cut(rest, " ")
		w.step(name, Connected{Version: version, Compress: compress})
	case "say": // a payload
		w.step(name, text(rest))
	case "user": // session-id guild...
		fields := strings.Fields(rest)
		u := User{ID: 5, Username: "otto"}
		for _, f := range fields[1:] {
			u.Guilds = append(u.Guilds, number(f))
		}
		w.step(name, UserLoaded{u, fields[0]})
	case "refuse":
		w.step(name, UserRefused{Why: map[string]Refusal{"unknown": TokenUnknown, "often": TooOften, "away": Unavailable}[rest]})
	case "members": // so many members of the guild of the oldest request
		req := w.pending[name][0]
		w.pending[name] = w.pending[name][1:]
		for id, holder := range w.holder {
			if holder != name {
				continue
			}
			var all []Member
			if w.sessions[id].Follows(req.Guild) {
				all = crowd(int(number(rest)))
			}
			for _, d := range w.sessions[id].Answer(MemberChunks(w.sessions[id].Intents(), req, all)) {
				w.say("%s: %s", name, render(w.set, Deliver{d}))
			}
		}
		w.step(name, MembersAnswered{})
	case "ring":
		w.step(name, TimeCame{})
	case "reconnect":
		w.step(name, ReconnectWanted{})
	case "stop":
		w.step(name, ServerStopping{})
	case "overflow":
		w.step(name, QueueOverflowed{})
	case "unproxied":
		w.step(name, ProxyEnded{})
	case "end": // the code of the client's close frame
		w.step(name, SocketEnded{CloseCode(number(rest))})
	case "lives":
		w.lives[name] = true
	case "forget": // a session id
		delete(w.sessions, name)
	case "message": // guild content
		w.dispatch(Dispatch{Kind: MessageCreate, Guild: number(name), Full: Text(rest), Reduced: Text("(hidden)")})
	case "guild":
		w.dispatch(Dispatch{Kind: GuildCreate, Guild: number(name), Full: Text("guild " + name)})
	case "outage":
		w.dispatch(Dispatch{Kind: GuildDelete, Guild: number(name), Outage: true, Full: Text("outage " + name)})
	case "left":
		w.dispatch(Dispatch{Kind: GuildDelete, Guild: number(name), Full: Text("left " + name)})
	default:
		return fmt.Errorf("no such command")
	}
	return nil
}

func number(s string) uint64 {
	n, _ := strconv.ParseUint(s, 10, 64) // a wrong one shows in the results
	return n
}
