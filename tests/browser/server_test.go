package browser

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// assets is where the page's files are.
const assets = "../../cmd/chatnode/internal/page/assets"

// policy is what the page's own server sends.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// stage plays a world to pages: from a moment on, at a speed; at speed 0 it stands still.
type stage struct {
	world world
	act   int
	from  float64 // ms since the act's start
	speed float64
	// step is the time between two frames in the act's time; 200 ms where it is 0.
	step float64
	// token is what a command must bring; empty: nothing.
	token string
	// hush says that after its first frame a stream is silent.
	hush bool

	mu      sync.Mutex
	begun   time.Time
	begin   sync.Once
	actions []m
	sent    int
	posts   []string
	streams int
	last    string // the Last-Event-ID of the newest stream
	server  *httptest.Server
}

// cut ends every stream.
func (s *stage) cut() { s.server.CloseClientConnections() }

// asked are the commands that were posted.
func (s *stage) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.posts...)
}

// now is the act's time: it begins to run when the first page asks.
func (s *stage) now() float64 {
	s.begin.Do(func() { s.begun = time.Now() })
	return s.from + s.speed*float64(time.Since(s.begun).Milliseconds())
}

// serve starts the page's server; it ends with the test.
func (s *stage) serve(tb testing.TB) string {
	tb.Helper()
	if s.step == 0 {
		s.step = 200
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, "index.html") })
	mux.HandleFunc("GET /assets/{name}", func(w http.ResponseWriter, r *http.Request) { serveFile(w, r, r.PathValue("name")) })
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'self'")
		fmt.Fprint(w, "<!doctype html><title>status</title><h1>All systems work</h1>")
	})
	mux.HandleFunc("GET /api/run", func(w http.ResponseWriter, _ *http.Request) { reply(w, s.run()) })
	mux.HandleFunc("GET /api/series", s.series)
	mux.HandleFunc("GET /api/events", s.events)
	mux.HandleFunc("GET /api/node/{id}", func(w http.ResponseWriter, r *http.Request) { s.node(w, r.PathValue("id")) })
	mux.HandleFunc("GET /api/key/{key...}", func(w http.ResponseWriter, r *http.Request) { s.key(w, "/"+r.PathValue("key")) })
	mux.HandleFunc("GET /api/incident/{id}", func(w http.ResponseWriter, r *http.Request) { s.incident(w, r.PathValue("id")) })
	mux.HandleFunc("POST /api/command", s.command)
	s.server = httptest.NewServer(mux)
	tb.Cleanup(s.server.Close)
	tb.Cleanup(s.cut)
	return s.server.URL
}

func serveFile(w http.ResponseWriter, r *http.Request, name string) {
	w.Header().Set("Content-Security-Policy", policy)
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeFileFS(w, r, os.DirFS(filepath.FromSlash(assets)), name)
}

func reply(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func (s *stage) run() m {
	acts := make([]m, 2)
	for i := range acts {
		acts[i] = s.actInfo(i)
	}
	return m{
		"version": "v0.0.0-test", "seed": 1, "started": worldEra, "params": m{"nodes": s.world.nodes, "users": s.world.users},
		"acts": acts, "users": s.world.users, "token": s.token != "",
		"commands": []m{
			{"name": "torn", "label": "Cut an announcement (torn PUT)", "args": []m{{"name": "instance", "type": "text", "value": "api-4"}}},
			{"name": "inject", "label": "Write a bad value", "args": []m{{"name": "class", "type": "choice", "choices": []string{"empty", "syntax", "null", "shape", "checksum", "oversize"}}, {"name": "key", "type": "text"}}},
			{"name": "kill", "label": "Kill a node", "args": []m{{"name": "node", "type": "text"}}, "danger": true},
			{"name": "throttle", "label": "Throttle connects", "args": []m{{"name": "rate", "type": "number"}}},
			{"name": "repairs-pause", "label": "Pause the repairs"},
			{"name": "etcd-down", "label": "Take etcd down", "danger": true},
			{"name": "wipe", "label": "Wipe the directory", "danger": true},
			{"name": "scale-out", "label": "Add an API node"},
		},
	}
}

func (s *stage) actInfo(i int) m {
	info := m{"index": i, "name": []string{"naive", "isolated"}[i], "label": []string{"naive", "isolated"}[i], "start": nil, "cut": nil, "end": nil}
	if i > s.act {
		return info
	}
	info["start"] = s.world.start(i)
	if i < s.act || s.now() >= actCut {
		info["cut"] = s.world.start(i) + actCut
	}
	if i < s.act {
		info["end"] = s.world.start(i) + actEnd
	}
	return info
}

// series is an act until now, as a page that comes late asks for it.
func (s *stage) series(w http.ResponseWriter, r *http.Request) {
	act, _ := strconv.Atoi(r.URL.Query().Get("act"))
	end := float64(actEnd)
	if act >= s.act {
		end = s.from
	}
	columns := map[string][]any{}
	for at := float64(0); at <= end && act <= s.act; at += s.step {
		band := s.world.band(act, at)
		columns["t"] = append(columns["t"], at)
		for _, name := range []string{"sessions", "offered", "throttle", "capacity"} {
			columns[name] = append(columns[name], band[name])
		}
	}
	answer := m{"flags": s.world.flags(act, -1, end)}
	for name, column := range columns {
		answer[name] = column
	}
	reply(w, answer)
}

// events plays frames until the reader leaves.
func (s *stage) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	s.mu.Lock()
	s.streams++
	s.last = r.Header.Get("Last-Event-ID")
	s.mu.Unlock()
	at, whole, told := s.now(), true, false
	seen := 0
	for id := 1; ; id++ {
		s.mu.Lock()
		fresh := s.actions[min(seen, len(s.actions)):]
		seen = len(s.actions)
		s.mu.Unlock()
		if !told && at >= actCut && s.speed > 0 {
			told = true
			send(w, id, "act", s.actInfo(s.act))
			id++
		}
		f := s.world.frame(s.act, at, whole)
		if s.act == 0 && at >= actCut+7500 {
			f["incidents"] = []m{{"id": "1", "severity": "SEV1", "title": "chat nodes exit", "t": actCut + 7500, "open": at < actCut+40000}}
		}
		for _, action := range fresh {
			action["t"] = at
			f["flags"] = append(flagsOf(f), action)
		}
		whole = false
		if !send(w, id, "frame", f) {
			return
		}
		s.mu.Lock()
		s.sent++
		s.mu.Unlock()
		if s.hush {
			<-r.Context().Done()
			return
		}
		wait := time.Second / 5
		if s.speed > 0 {
			wait = time.Duration(s.step / s.speed * float64(time.Millisecond))
		}
		select {
		case <-r.Context().Done():
			return
		case <-time.After(wait):
		}
		if s.speed > 0 {
			at += s.step
		}
	}
}

func flagsOf(frame m) []m {
	flags, _ := frame["flags"].([]m)
	return flags
}

func send(w http.ResponseWriter, id int, kind string, v any) bool {
	text, _ := json.Marshal(v)
	_, err := fmt.Fprintf(w, "id: %d\nevent: %s\ndata: %s\n\n", id, kind, text)
	return err == nil && http.NewResponseController(w).Flush() == nil
}

func (s *stage) command(w http.ResponseWriter, r *http.Request) {
	if s.token != "" && r.Header.Get("Authorization") != "Bearer "+s.token {
		w.WriteHeader(http.StatusUnauthorized)
		reply(w, m{"ok": false, "text": "a command needs the token"})
		return
	}
	var asked struct {
		Name string            `json:"name"`
		Args map[string]string `json:"args"`
	}
	if err := json.NewDecoder(r.Body).Decode(&asked); err != nil {
		w.WriteHeader(http.StatusBadRequest)
		reply(w, m{"ok": false, "text": "no such command"})
		return
	}
	text := strings.TrimSpace(fmt.Sprint(asked.Name, " ", asked.Args["node"], asked.Args["instance"]))
	s.mu.Lock()
	s.actions = append(s.actions, m{"kind": "action", "text": text})
	s.posts = append(s.posts, text)
	s.mu.Unlock()
	reply(w, m{"ok": true, "text": text + ": done"})
}

func (s *stage) node(w http.ResponseWriter, id string) {
	child := func(id, state string, restarts int, backoff float64) m {
		return m{"id": id, "kind": "child", "state": state, "restarts": restarts, "backoff_ms": backoff}
	}
	entries := []m{}
	for i := range s.world.keys {
		entries = append(entries, child(fmt.Sprintf("/services/api/api-%d", i+1), "running", 0, 0))
	}
	entries[min(3, len(entries)-1)] = child(s.world.poisonKey, "backing off", 3, 4200)
	zero := s.world.start(s.act)
	reply(w, m{
		"id": id, "tree": m{"id": "root", "kind": "supervisor", "state": "running", "intensity": 3, "window_ms": 5000, "used": 0, "children": []m{
			{"id": "service/api", "kind": "supervisor", "state": "running", "intensity": 5, "window_ms": 10000, "used": 2, "children": []m{
				child("reader", "running", 0, 0), child("watcher", "running", 2, 0),
				{"id": "entries", "kind": "supervisor", "state": "running", "intensity": -1, "window_ms": 5000, "used": 0, "children": entries},
				child("shadow", "parked", 5, 0),
			}},
			{"id": "announcers", "kind": "supervisor", "state": "running", "intensity": 3, "window_ms": 5000, "used": 0, "children": []m{child("chat/"+id, "running", 0, 0)}},
		}},
		"decisions": []m{
			{"t": zero + actCut + 12, "text": "entry " + s.world.poisonKey + " ended: data fault (empty), costs 0"},
			{"t": zero + actCut + 13, "text": "backoff 1 s before its restart, 1st in a row"},
			{"t": zero + actCut + 1020, "text": "entry started again, waits for another value"},
		},
	})
}

func (s *stage) key(w http.ResponseWriter, key string) {
	zero := s.world.start(s.act)
	reply(w, m{"key": key, "state": "quarantined", "served_from": "registry, index 388", "history": []m{
		{"t": zero + 2000, "index": 388, "value": `{"v":1,"service":"api","id":"api-4","host":"127.0.0.1","port":50054}`, "verdict": "good", "by": m{"accepted": []string{"node-1", "node-2", "node-3"}, "refused": []string{}}},
		{"t": zero + actCut, "index": 450, "value": s.world.poisonValue, "verdict": "bad: empty", "by": m{"accepted": []string{}, "refused": []string{"node-1", "node-2", "node-3"}}},
	}})
}

func (s *stage) incident(w http.ResponseWriter, id string) {
	reply(w, m{"id": id, "severity": "SEV1", "title": "chat nodes exit", "opened_ms": actCut + 7500, "closed_ms": nil, "timeline": []m{
		{"t": -7500, "kind": "poison", "text": "first bad value: " + s.world.poisonKey},
		{"t": -4300, "kind": "exit", "text": "first exit: node-2"},
		{"t": 0, "kind": "page", "text": "opened as SEV2: 3 of 6 nodes down"},
		{"t": 800, "kind": "page", "text": "escalated to SEV1: sessions −66 %"},
		{"t": 1500, "kind": "throttle", "text": "connects throttled to 120/s"},
	}})
}
