package etcd

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// torn is a body that ends before its Content-Length is reached.
type torn struct{ io.Reader }

func (r torn) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return n, err
}

// store stands for etcd's handler: it reads the form as that does.
func store(w http.ResponseWriter, r *http.Request) {
	if err := r.ParseForm(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	_, _ = fmt.Fprintf(w, "value=%s ttl=%s", r.FormValue("value"), r.FormValue("ttl"))
}

func TestGuard(t *testing.T) {
	const good = "value=v&ttl=60"
	rows := []struct {
		name, method, query, contentType string
		body                             io.Reader
		want                             string // what was stored, or etcd's error code
	}{
		{"good form", "PUT", "", formType, strings.NewReader(good), "value=v ttl=60"},
		{"good form with charset", "PUT", "", formType + "; charset=utf-8", strings.NewReader(good), "value=v ttl=60"},
		{"good form without type", "PUT", "", "", strings.NewReader(good), "value=v ttl=60"},
		{"good POST", "POST", "", formType, strings.NewReader(good), "value=v ttl=60"},
		{"good POST without type", "POST", "", "", strings.NewReader(good), "value=v ttl=60"},
		{"query only", "PUT", "?value=q&ttl=5", "", http.NoBody, "value=q ttl=5"},
		{"query only with type", "PUT", "?value=q&ttl=5", formType, http.NoBody, "value=q ttl=5"},
		{"refresh", "PUT", "?refresh=true&ttl=5", "", http.NoBody, "value= ttl=5"},
		{"refresh in the form", "PUT", "", formType, strings.NewReader("refresh=1&ttl=5"), "value= ttl=5"},
		{"directory", "PUT", "?dir=true", "", http.NoBody, "value= ttl="},
		{"get", "GET", "", "", http.NoBody, "value= ttl="},
		{"delete", "DELETE", "?prevIndex=3", "", http.NoBody, "value= ttl="},
		{"largest body", "PUT", "", formType, strings.NewReader("value=v&ttl=60&x=" + strings.Repeat("x", MaxGuardedBody-17)), "value=v ttl=60"},

		{"torn after the headers", "PUT", "", formType, torn{strings.NewReader("")}, "210"},
		{"torn without type", "PUT", "", "", torn{strings.NewReader("")}, "210"},
		{"torn in the value", "PUT", "", formType, torn{strings.NewReader("value=v")}, "210"},
		{"torn with a value in the query", "PUT", "?value=q", "", torn{strings.NewReader("")}, "210"},
		{"torn refresh", "PUT", "?refresh=true&ttl=5", "", torn{strings.NewReader("")}, "210"},
		{"torn POST", "POST", "", formType, torn{strings.NewReader("value=v")}, "210"},
		{"too large", "PUT", "", formType, strings.NewReader("value=v&ttl=60&x=" + strings.Repeat("x", MaxGuardedBody-16)), "210"},
		{"bad form", "PUT", "", formType, strings.NewReader("value=%zz"), "210"},
		{"bad query", "PUT", "?value=%zz", "", http.NoBody, "210"},
		{"empty value", "PUT", "", formType, strings.NewReader("value=&ttl=60"), "209"},
		{"no value", "PUT", "?ttl=60", formType, http.NoBody, "209"},
		{"no value, not refreshing", "PUT", "?refresh=false&ttl=60", "", http.NoBody, "209"},
		{"no value, not a directory", "PUT", "?dir=yes", "", http.NoBody, "209"},
		{"empty value before a full one", "PUT", "?value=q", formType, strings.NewReader("value=&ttl=60"), "209"},
		{"value in a form of another type", "PUT", "", "text/plain", strings.NewReader(good), "209"},
		{"empty POST", "POST", "", "", http.NoBody, "209"},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			req := httptest.NewRequest(row.method, "/v2/keys/a"+row.query, row.body)
			if row.contentType != "" {
				req.Header.Set("Content-Type", row.contentType)
			}
			w := httptest.NewRecorder()
			guard(http.HandlerFunc(store)).ServeHTTP(w, req)
			if w.Code == http.StatusOK {
				if got := w.Body.String(); got != row.want {
					t.Errorf("stored: got %q, want %q", got, row.want)
				}
				return
			}
			var refused struct {
				ErrorCode int    `json:"errorCode"`
				Message   string `json:"message"`
				Cause     string `json:"cause"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &refused); err != nil {
				t.Fatalf("answer: got %q, want etcd's JSON", w.Body)
			}
			if w.Code != http.StatusBadRequest || fmt.Sprint(refused.ErrorCode) != row.want ||
				refused.Message == "" || !strings.HasPrefix(refused.Cause, "guard: ") {
				t.Errorf("answer: got %d %s, want 400 with code %s from the guard", w.Code, w.Body, row.want)
			}
		})
	}
}

// The one call makes etcd's handler store nothing where it would have refused.
func TestIncidentSwallowsTheError(t *testing.T) {
	for name, row := range map[string]struct {
		h    http.Handler
		want string
	}{
		"plain":    {http.HandlerFunc(store), "unexpected EOF\n"},
		"incident": {incident(http.HandlerFunc(store)), "value= ttl="},
	} {
		req := httptest.NewRequest(http.MethodPut, "/v2/keys/a", torn{strings.NewReader("value=v&ttl=60")})
		req.Header.Set("Content-Type", formType)
		w := httptest.NewRecorder()
		row.h.ServeHTTP(w, req)
		if got := w.Body.String(); got != row.want {
			t.Errorf("%s: got %q, want %q", name, got, row.want)
		}
	}
}

// The mode's handler serves every way to write the path, not only the one with a slash after it.
func TestModesCoverEveryPath(t *testing.T) {
	m := start1(t, Config{Mode: ModeGuard})
	for _, path := range []string{"/v2/keys/a", "/v2/keys", "/v2/keys/", "//v2/keys/a", "/v2/./keys/a", "/v2/x/../keys/a", "/v2/%6beys/a"} {
		for _, method := range []string{http.MethodPut, http.MethodPost} {
			status, answer := send(t, method, m.url+path+"?ttl=60", formType, "")
			if status != http.StatusBadRequest && status != http.StatusNotFound && status != http.StatusMethodNotAllowed {
				t.Errorf("%s %s without a value: got %d %s, want a refusal", method, path, status, answer)
			}
		}
	}
	for _, path := range []string{"/v2/keys", "/v2/keys/"} {
		req := httptest.NewRequest(http.MethodGet, m.url+path, http.NoBody)
		resp, err := http.DefaultTransport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("GET %s: got %s, want 200 and no redirect, as from any etcd", path, resp.Status)
		}
	}
	if status, answer := send(t, http.MethodGet, m.url+"/v2/keys/?recursive=true", "", ""); status != http.StatusOK || strings.Contains(answer, "value") {
		t.Errorf("keys after that: got %d %s, want none", status, answer)
	}
}
