package rest

import (
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
)

// overLimit is the answer to one call too many.
type overLimit struct {
	retry  time.Duration
	global bool
}

func (overLimit) Error() string { return "429: Too Many Requests" }

func tooMany(v verdict, now time.Time, global bool) error {
	return overLimit{retry: v.ends.Sub(now), global: global}
}

// body is in Discord's shape. The wait is rounded up, so that who keeps it is
// not refused again.
func (o overLimit) body() any {
	return struct {
		Message string  `json:"message"`
		Retry   float64 `json:"retry_after"`
		Global  bool    `json:"global"`
		Code    int     `json:"code"`
	}{"You are being rate limited.", math.Ceil(o.retry.Seconds()*1000) / 1000, o.global, codeGeneral}
}

// write answers a request.
func (s *Server) write(w http.ResponseWriter, request *http.Request, done answer, err error) {
	if err != nil {
		done = s.failed(w, request, err)
	}
	if done.body == nil {
		w.WriteHeader(done.status)
		return
	}
	text, err := json.Marshal(done.body)
	if err != nil {
		s.cfg.Log.Error().Err(err).Str("path", request.URL.Path).Msg("an answer cannot be encoded: this is a bug")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(done.status)
	_, _ = w.Write(text) // the client is gone otherwise
}

// failed turns an error into an answer.
func (s *Server) failed(w http.ResponseWriter, request *http.Request, err error) answer {
	if o, ok := errors.AsType[overLimit](err); ok {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(o.retry.Seconds()))))
		return answer{http.StatusTooManyRequests, o.body()}
	}
	f, known := toFault(err)
	if f.status == http.StatusServiceUnavailable {
		after, _ := work.RetryAfter(err)
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(after.Seconds())))))
	}
	if !known {
		s.cfg.Log.Error().Err(err).Str("path", request.URL.Path).Msg("a REST call failed")
	}
	return answer{f.status, f.body()}
}

func ok(body any) (answer, error) { return answer{http.StatusOK, body}, nil }

func noContent() (answer, error) { return answer{status: http.StatusNoContent}, nil }
