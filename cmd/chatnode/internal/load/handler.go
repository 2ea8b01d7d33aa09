package load

import (
	"net/http"

	"github.com/go-json-experiment/json"
)

// Handler serves the counters as JSON on GET /admin/stats, and on GET /admin/acked the messages that were acknowledged.
func (l *Load) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /admin/stats", func(w http.ResponseWriter, _ *http.Request) { l.answer(w, l.Stats()) })
	mux.HandleFunc("GET /admin/acked", func(w http.ResponseWriter, _ *http.Request) {
		l.answer(w, struct {
			Messages []Acked `json:"messages"`
		}{append([]Acked{}, l.Acked()...)})
	})
	return mux
}

func (l *Load) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.MarshalWrite(w, v); err != nil {
		l.cfg.Log.Debug().Err(err).Msg("answer not delivered")
	}
}
