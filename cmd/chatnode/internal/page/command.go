package page

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// ErrBadCommand is a command that makes no sense; its text says why.
var ErrBadCommand = errors.New("bad command")

// command takes one command.
func (s *Server) command(w http.ResponseWriter, r *http.Request) {
	if status, reason := s.cfg.allows(r); reason != "" {
		if status == http.StatusUnauthorized {
			w.Header().Set("WWW-Authenticate", "Bearer")
		}
		refuse(w, status, reason)
		return
	}
	// A recorder in a test has no deadlines; every connection has.
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(writeLimit))
	c, status, err := readCommand(w, r)
	if err != nil {
		refuse(w, status, err.Error())
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), commandLimit)
	defer cancel()
	text, err := s.cfg.Command(ctx, c)
	switch {
	case err == nil:
		answer(w, http.StatusOK, Answer{OK: true, Text: text})
	case errors.Is(err, ErrBadCommand):
		refuse(w, http.StatusBadRequest, oneLine(strings.TrimPrefix(err.Error(), ErrBadCommand.Error()+": ")))
	default:
		refuse(w, http.StatusConflict, oneLine(err.Error()))
	}
}

// allows says why a command is refused, or nothing. Foreign pages were refused before.
func (c Config) allows(r *http.Request) (status int, reason string) {
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	switch {
	case c.Command == nil:
		return http.StatusConflict, "a recorded run takes no commands"
	case c.Token != "" && subtle.ConstantTimeCompare([]byte(bearer), []byte(c.Token)) != 1:
		return http.StatusUnauthorized, "a command needs the token of this page"
	case c.Token == "" && !c.Loopback:
		return http.StatusForbidden, "this page is not on loopback and has no token: it takes no commands"
	}
	return 0, ""
}

func readCommand(w http.ResponseWriter, r *http.Request) (Command, int, error) {
	var c Command
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); strings.TrimSpace(kind) != "application/json" {
		return c, http.StatusUnsupportedMediaType, errors.New("a command is application/json")
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxCommandBytes))
	if _, big := errors.AsType[*http.MaxBytesError](err); big {
		return c, http.StatusRequestEntityTooLarge, fmt.Errorf("a command has at most %d bytes", maxCommandBytes)
	}
	if err != nil {
		return c, http.StatusBadRequest, errors.New("the command did not arrive whole")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&c) != nil || decoder.More() || c.Name == "" {
		return c, http.StatusBadRequest, errors.New(`the body is no command: want {"name": ..., "args": {...}}, all arguments as text`)
	}
	return c, 0, nil
}

// foreign reports whether a page of another site made the request.
func foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		site := r.Header.Get("Sec-Fetch-Site")
		return r.Method != http.MethodGet && site != "" && site != "same-origin" && site != "none"
	}
	u, err := url.Parse(origin)
	return err != nil || u.Host == "" || u.Host != r.Host
}

func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(c rune) bool { return c == '\n' || c == '\r' }), "; ")
}
