package cli

import (
	"io"
	"os"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// logging is how a process logs; the flags stand before or behind the command.
type logging struct {
	LogFormat string `name:"log-format" enum:"console,json" default:"console" help:"How log lines look: console or json."`
	LogLevel  string `name:"log-level" enum:"debug,info,warn,error" default:"info" help:"The least important lines to log: debug, info, warn or error."`
}

// session is what a command works with, beside its own flags.
type session struct {
	stdout io.Writer
	log    zerolog.Logger
	// settings are the values that the command runs with; nil in a test without any.
	settings func() []setting
}

func newSession(p Process, l logging) *session {
	return &session{stdout: p.Stdout, log: newLogger(p.Stderr, l)}
}

// newLogger writes to w: for people by default, with colour only on a terminal.
func newLogger(w io.Writer, l logging) zerolog.Logger {
	level, err := zerolog.ParseLevel(l.LogLevel)
	if err != nil {
		level = zerolog.InfoLevel // unreachable: the flag is an enum
	}
	if l.LogFormat == "console" {
		w = zerolog.ConsoleWriter{Out: w, TimeFormat: time.TimeOnly, NoColor: !isTerminal(w)}
	}
	return zerolog.New(w).Level(level).With().Timestamp().Logger()
}

// isTerminal says whether a person reads w as it is written.
func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}
