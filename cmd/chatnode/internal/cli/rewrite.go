package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// checkFile says early that a file cannot be written that is written at the end. An empty path is none.
func checkFile(flag, path string) error {
	if path == "" {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("%s %s: cannot write there: %w", flag, path, bare(err))
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// writeFile replaces a file by a value as JSON: a reader sees the old content or the new one, never a part.
func writeFile(flag, path string, v any) error {
	if path == "" {
		return nil
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("%s %s: %w", flag, path, err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err == nil {
		_, err = f.Write(append(text, '\n'))
		err = errors.Join(err, f.Chmod(0o644), f.Close())
		if err == nil {
			err = os.Rename(f.Name(), path)
		}
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}
	if err != nil {
		return fmt.Errorf("%s %s: cannot write there: %w", flag, path, bare(err))
	}
	return nil
}

const (
	clearLine  = "\r\x1b[K"
	plainWidth = 80 // of a terminal that does not say
)

// movingLine is a line of a terminal that is drawn again in its place. It is safe for concurrent use, and none where it is
// nil.
type movingLine struct {
	out *os.File

	mu    sync.Mutex // owns drawn
	drawn bool
}

// newMovingLine returns nil where out is no terminal.
func newMovingLine(out io.Writer) *movingLine {
	if f, ok := out.(*os.File); ok && isTerminal(out) {
		return &movingLine{out: f}
	}
	return nil
}

func (m *movingLine) draw(line string) {
	width := plainWidth
	if w, _, err := term.GetSize(int(m.out.Fd())); err == nil && w > 0 {
		width = w
	}
	if runes := []rune(line); len(runes) >= width {
		line = string(runes[:width-1]) // a full line would wrap and not be cleared
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.drawn = true
	_, _ = io.WriteString(m.out, clearLine+line)
}

// above is a log whose lines take the place of this one, which is drawn again below.
func (m *movingLine) above(log zerolog.Logger) zerolog.Logger {
	if m == nil {
		return log
	}
	return log.Hook(zerolog.HookFunc(func(*zerolog.Event, zerolog.Level, string) {
		m.mu.Lock()
		defer m.mu.Unlock()
		if m.drawn {
			_, _ = io.WriteString(m.out, clearLine)
		}
	}))
}

// end leaves the last line as it is, and what follows begins below.
func (m *movingLine) end() {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.drawn {
		m.drawn = false
		_, _ = io.WriteString(m.out, "\n")
	}
}
