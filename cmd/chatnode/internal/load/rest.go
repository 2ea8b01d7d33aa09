package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	// callTimeout bounds one REST call.
	callTimeout = 10 * time.Second
	// maxAnswerBytes bounds what an API may answer: a hundred messages, or five hundred channels.
	maxAnswerBytes = 4 << 20
	// maxRetryAfter bounds how long an API can make a user wait.
	maxRetryAfter = time.Minute
)

// MaxCalls is how many REST calls are under way at once at most, each on a connection of its own.
const MaxCalls = 256

// statusError is an answer that is no success.
type statusError struct {
	status int
	code   int           // Discord's, zero for none
	retry  time.Duration // how long to wait, zero where the answer does not say
}

func (e *statusError) Error() string {
	return fmt.Sprintf("load: the API answered %d, code %d", e.status, e.code)
}

// api calls API nodes by REST, each in turn. It is safe for concurrent use.
type api struct {
	bases []string
	web   *http.Client
	turn  atomic.Uint64
}

func newAPI(bases []string) *api {
	return &api{bases: bases, web: &http.Client{
		Timeout: callTimeout,
		// Of its own, so that no proxy of the environment comes between.
		Transport: &http.Transport{MaxIdleConnsPerHost: MaxCalls, MaxConnsPerHost: MaxCalls, IdleConnTimeout: time.Minute},
	}}
}

func (a *api) close() { a.web.CloseIdleConnections() }

// next is the API node whose turn it is.
func (a *api) next() string { return a.bases[a.turn.Add(1)%uint64(len(a.bases))] }

// call asks one API node for something, with a user's token, and decodes the answer.
func (a *api) call(ctx context.Context, method, path, token string, body, into any) error {
	var payload io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("load: encoding a request: %w", err)
		}
		payload = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, a.next()+"/api/v10"+path, payload)
	if err != nil {
		return fmt.Errorf("load: making a request: %w", err)
	}
	request.Header.Set("Authorization", token)
	request.Header.Set("User-Agent", "DiscordBot (https://github.com/firebreak-go/firebreak, load)")
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	reply, err := a.web.Do(request)
	if err != nil {
		return fmt.Errorf("load: calling the API: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(reply.Body, maxAnswerBytes))
	if err != nil {
		return fmt.Errorf("load: reading an answer of the API: %w", err)
	}
	if reply.StatusCode < 200 || reply.StatusCode > 299 {
		return refusal(reply, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("load: an answer of the API is not readable: %w", err)
	}
	return nil
}

func refusal(reply *http.Response, text []byte) error {
	var said struct {
		Code  int     `json:"code"`
		Retry float64 `json:"retry_after"`
	}
	_ = json.Unmarshal(text, &said) // whoever is between may answer in HTML
	wait := time.Duration(min(max(said.Retry, 0), maxRetryAfter.Seconds()) * float64(time.Second))
	if seconds, err := strconv.Atoi(reply.Header.Get("Retry-After")); wait == 0 && err == nil && seconds > 0 {
		wait = min(time.Duration(seconds)*time.Second, maxRetryAfter)
	}
	return &statusError{status: reply.StatusCode, code: said.Code, retry: wait}
}

// limited says whether an error is the answer to one call too many, and how long to wait.
func limited(err error) (wait time.Duration, is bool) {
	e, ok := errors.AsType[*statusError](err)
	if !ok || e.status != http.StatusTooManyRequests {
		return 0, false
	}
	return max(e.retry, time.Millisecond), true
}

// write sends a message and returns its id.
func (a *api) write(ctx context.Context, token string, channel uint64, content string) (uint64, error) {
	var made identified
	body := struct {
		Content string `json:"content"`
	}{content}
	err := a.call(ctx, http.MethodPost, fmt.Sprintf("/channels/%d/messages", channel), token, body, &made)
	if err == nil && made.ID == 0 {
		err = errors.New("load: the API acknowledged a message without an id")
	}
	return uint64(made.ID), err
}

// guilds returns the guilds of whose token it is.
func (a *api) guilds(ctx context.Context, token string) ([]uint64, error) {
	var list []identified
	err := a.call(ctx, http.MethodGet, "/users/@me/guilds", token, nil, &list)
	return numbers(list), err
}

// channels returns the channels of a guild.
func (a *api) channels(ctx context.Context, token string, guild uint64) ([]uint64, error) {
	var list []identified
	err := a.call(ctx, http.MethodGet, fmt.Sprintf("/guilds/%d/channels", guild), token, nil, &list)
	return numbers(list), err
}
