package page

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// events is the stream of frames. It ends when the reader leaves or is dropped;
// a browser then comes back by itself, with the number of the last event it saw.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	after, _ := strconv.ParseUint(r.Header.Get("Last-Event-ID"), 10, 64) // anything else: from the beginning
	reader, err := s.cfg.Feed.Follow(after)
	if err != nil {
		w.Header().Set("Retry-After", "5")
		refuse(w, http.StatusServiceUnavailable, err.Error())
		return
	}
	defer reader.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	w.WriteHeader(http.StatusOK)
	c := http.NewResponseController(w)
	if send(w, c, []byte("retry: 1000\n\n")) != nil {
		return
	}
	stream(r.Context(), w, c, reader)
}

// stream hands messages on, and a sign of life now and then.
func stream(ctx context.Context, w http.ResponseWriter, c *http.ResponseController, reader *Reader) {
	beat := time.NewTicker(beatPeriod)
	defer beat.Stop()
	for {
		var text []byte
		select {
		case <-ctx.Done():
			return
		case m, open := <-reader.messages:
			if !open {
				return
			}
			text = m.text
		case <-beat.C:
			text = []byte(": still here\n\n")
		}
		if send(w, c, text) != nil {
			return
		}
	}
}

// send writes and flushes within the limit. A recorder in a test has no deadlines; every connection has.
func send(w http.ResponseWriter, c *http.ResponseController, text []byte) error {
	_ = c.SetWriteDeadline(time.Now().Add(writeLimit))
	if _, err := w.Write(text); err != nil {
		return err
	}
	return c.Flush()
}
