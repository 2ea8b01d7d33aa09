package page

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

//go:embed assets
var assets embed.FS

// ErrUnknown is a node, a key or an incident that is not known.
var ErrUnknown = errors.New("not known in this run")

// Details answers what is behind a frame. Each call is bounded by its context; an
// unknown name is [ErrUnknown].
type Details interface {
	Node(ctx context.Context, id string) (NodeDetail, error)
	Key(ctx context.Context, key string) (KeyDetail, error)
	Incident(ctx context.Context, id string) (IncidentDetail, error)
}

// Config is what a [Server] shows. Feed and Details are required.
type Config struct {
	Feed    *Feed
	Details Details
	// Command does what was asked and says what was done; nil: nothing can be asked.
	Command func(ctx context.Context, c Command) (string, error)
	// Status answers /status, the page for the public; nil: there is none.
	Status http.Handler
	// Loopback says that the listener is on loopback only: then whoever connects
	// may command, unless there is a token. Token is what a command must bring.
	Loopback bool
	Token    string
}

// detailLimit bounds the answer to one drill-down.
const detailLimit = 6 * time.Second

// Server shows one run. It is an [http.Handler]; the listener is the caller's.
type Server struct {
	cfg Config
	mux *http.ServeMux
}

// NewServer lays the routes out.
func NewServer(cfg Config) (*Server, error) {
	if cfg.Feed == nil || cfg.Details == nil {
		return nil, errors.New("page: a server needs a feed and details")
	}
	files, err := fs.Sub(assets, "assets")
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, mux: http.NewServeMux()}
	static := newFiles(files)
	s.mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { static.serve(w, r, "index.html") })
	s.mux.HandleFunc("GET /assets/{name...}", func(w http.ResponseWriter, r *http.Request) { static.serve(w, r, r.PathValue("name")) })
	s.mux.HandleFunc("GET /api/run", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, s.run()) })
	s.mux.HandleFunc("GET /api/events", s.events)
	s.mux.HandleFunc("GET /api/series", s.series)
	s.mux.HandleFunc("GET /api/node/{id}", s.node)
	s.mux.HandleFunc("GET /api/key/{key...}", s.key)
	s.mux.HandleFunc("GET /api/incident/{id}", s.incident)
	s.mux.HandleFunc("POST /api/command", s.command)
	if cfg.Status != nil {
		s.mux.Handle("GET /status", cfg.Status)
		s.mux.Handle("GET /status.json", cfg.Status)
		s.mux.Handle("GET /incidents/", cfg.Status)
	}
	return s, nil
}

// policy is the page's own: its files, its events, and nothing from elsewhere.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP answers. It refuses what a page of another site asks, and names that
// were made to resolve to loopback.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
	switch {
	case foreign(r):
		refuse(w, http.StatusForbidden, "this was asked by a page of another site")
	case s.cfg.Loopback && !loopbackHost(r.Host):
		refuse(w, http.StatusForbidden, "name this host by a loopback address, as in http://127.0.0.1")
	default:
		s.mux.ServeHTTP(w, r)
	}
}

func (s *Server) run() Run {
	run := s.cfg.Feed.Run()
	if s.cfg.Command == nil {
		run.Commands = nil
	}
	run.Token = s.cfg.Token != ""
	if run.Commands == nil {
		run.Commands = []CommandSpec{}
	}
	return run
}

func (s *Server) series(w http.ResponseWriter, r *http.Request) {
	act, err := strconv.Atoi(r.FormValue("act"))
	if err != nil {
		refuse(w, http.StatusBadRequest, "say which act, as in /api/series?act=0")
		return
	}
	series, err := s.cfg.Feed.Series(act)
	reply(w, series, err)
}

func (s *Server) node(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), detailLimit)
	defer cancel()
	detail, err := s.cfg.Details.Node(ctx, r.PathValue("id"))
	reply(w, detail, err)
}

func (s *Server) key(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), detailLimit)
	defer cancel()
	detail, err := s.cfg.Details.Key(ctx, "/"+strings.TrimPrefix(r.PathValue("key"), "/"))
	reply(w, detail, err)
}

func (s *Server) incident(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), detailLimit)
	defer cancel()
	detail, err := s.cfg.Details.Incident(ctx, r.PathValue("id"))
	reply(w, detail, err)
}

// reply answers with a document, or says why there is none.
func reply(w http.ResponseWriter, v any, err error) {
	switch {
	case err == nil:
		answer(w, http.StatusOK, v)
	case errors.Is(err, ErrUnknown), errors.Is(err, errNoAct):
		refuse(w, http.StatusNotFound, err.Error())
	default:
		refuse(w, http.StatusServiceUnavailable, err.Error())
	}
}

// answer writes one document. An error means that the reader has gone.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// Answer is what a command's sender is told, and everybody whose request is refused.
type Answer struct {
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

func refuse(w http.ResponseWriter, status int, text string) { answer(w, status, Answer{Text: text}) }

// loopbackHost keeps away pages whose name was made to resolve to loopback.
func loopbackHost(hostport string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = hostport
	}
	ip := net.ParseIP(strings.Trim(host, "[]"))
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
