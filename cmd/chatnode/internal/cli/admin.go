package cli

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/rs/zerolog"

	"github.com/firebreak-go/firebreak/actors"
	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/actors/observe"
)

const (
	// adminReadLimit bounds how long an admin client may take to say what it wants.
	adminReadLimit = 5 * time.Second
	// adminDrain is how long answers under way may still take once the role ends:
	// a runtime's event stream has its last lines to send.
	adminDrain = 500 * time.Millisecond
	// scrapes is how many readings of the metrics are under way at most; more are
	// refused.
	scrapes = 4
	// scrapeLimit bounds one of them.
	scrapeLimit = 5 * time.Second
)

// role are the flags of every long-running role.
type role struct {
	Admin          address `default:"127.0.0.1:0" help:"Where the role's admin endpoints listen; port 0 takes a free one."`
	AdminTokenFile string  `placeholder:"FILE" help:"The file with the token that commands must bring; without one they are taken on loopback only."`
	Lifeline       bool    `help:"Exit within 2 s when standard input reaches its end."`
}

// commanding says who may command the role: on loopback anybody, elsewhere whoever
// has the token.
func (r role) commanding(a *admin) (actorsadmin.Config, error) {
	at, _ := a.listener.Addr().(*net.TCPAddr) // listen opens no other
	cfg := actorsadmin.Config{Loopback: at != nil && at.IP.IsLoopback()}
	if r.AdminTokenFile == "" {
		return cfg, nil
	}
	token, err := readToken("--admin-token-file", r.AdminTokenFile)
	cfg.Token = token
	return cfg, err
}

func (r role) wantsLifeline() bool { return r.Lifeline }

// admin serves what operators and the demo ask a role: /healthz (the process
// answers), /admin/ready (200, or 503 and the reason), /admin/metrics (for
// Prometheus), /admin/config (the values of all flags, and where each came from) and
// what the role adds.
type admin struct {
	listener net.Listener
	mux      *http.ServeMux
	server   *http.Server
	metrics  *prometheus.Registry
	observed *observe.Metrics // of the role's runtime; nil where it has none
	done     chan struct{}    // closed when serving has ended; nil before it began
}

// openAdmin takes the port; nothing is served before serve.
func (r role) openAdmin(ctx context.Context) (*admin, error) {
	listener, err := listen(ctx, "--admin", r.Admin)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	metrics := prometheus.NewRegistry()
	metrics.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return &admin{
		listener: listener,
		mux:      mux,
		metrics:  metrics,
		server:   &http.Server{Handler: mux, ReadHeaderTimeout: adminReadLimit},
	}, nil
}

// serve answers in a goroutine that stop waits for. ready is asked on every
// request, by many at once; its error is the reason.
func (a *admin) serve(s *session, ready func() error) {
	log := s.log
	if s.settings != nil { // read now, when the role has filled in what nobody said
		a.mux.HandleFunc("GET /admin/config", answerConfig(s.settings()))
	}
	a.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("ok\n")) })
	a.mux.HandleFunc("GET /admin/ready", func(w http.ResponseWriter, _ *http.Request) { answerReady(w, ready()) })
	a.mux.Handle("GET /admin/metrics", promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{MaxRequestsInFlight: scrapes, Timeout: scrapeLimit}))
	a.done = make(chan struct{})
	go func() {
		defer close(a.done)
		if err := a.server.Serve(a.listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error().Err(err).Msg("admin endpoints are gone")
		}
	}()
}

// observer is what a role's runtime is observed by: its log, and the metrics that
// this listener serves. A role has one runtime; follow it once it is made.
func (a *admin) observer(log zerolog.Logger) func(actors.Event) {
	a.observed = observe.NewMetrics()
	a.metrics.MustRegister(a.observed)
	return observe.All(observe.Log(log), a.observed.Observe)
}

// follow adds to the metrics what a runtime made with this observer tells by no
// event.
func (a *admin) follow(runtime *actors.Runtime) { a.observed.Follow(runtime.Vitals) }

// url is where the endpoints are.
func (a *admin) url() string { return "http://" + a.listener.Addr().String() }

// stop lets answers under way finish, those that come to their end by
// themselves, and cuts them after adminDrain. It may be called before serve.
func (a *admin) stop(ctx context.Context) {
	if a.done == nil {
		_ = a.listener.Close()
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), adminDrain)
	defer cancel()
	if err := a.server.Shutdown(ctx); err != nil {
		_ = a.server.Close()
	}
	<-a.done
}

func answerReady(w http.ResponseWriter, reason error) {
	answer := struct {
		Ready  bool   `json:"ready"`
		Reason string `json:"reason,omitempty"`
	}{Ready: reason == nil}
	status := http.StatusOK
	if reason != nil {
		answer.Reason, status = reason.Error(), http.StatusServiceUnavailable
	}
	answerJSON(w, status, answer)
}

// answerJSON writes one JSON document. An error means that the client has gone.
func answerJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
