package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"
)

const (
	callLimit     = 2 * time.Second // one request to an admin endpoint
	maxAdminReply = 1 << 20
)

// get makes one bounded request to an admin endpoint.
func get(ctx context.Context, url string) (status int, body []byte, err error) {
	return getAtMost(ctx, url, maxAdminReply)
}

func getAtMost(ctx context.Context, url string, most int64) (status int, body []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, nil, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	body, err = io.ReadAll(io.LimitReader(reply.Body, most))
	return reply.StatusCode, body, err
}

func isReady(ctx context.Context, admin string) bool {
	status, _, err := get(ctx, admin+"/admin/ready")
	return err == nil && status == http.StatusOK
}

// unready asks a process why it is not ready.
func unready(ctx context.Context, admin string) string {
	var answer struct {
		Reason string `json:"reason"`
	}
	_, body, err := get(ctx, admin+"/admin/ready")
	switch {
	case err != nil:
		return "its admin endpoint does not answer"
	case json.Unmarshal(body, &answer) != nil || answer.Reason == "":
		return "it does not say why"
	}
	return answer.Reason
}

// loadStats is what the load says about its sessions.
type loadStats struct {
	Connected   int       `json:"connected"`
	Lost        int64     `json:"lost_total"`
	Seconds     float64   `json:"connected_seconds"`
	At          time.Time `json:"at"`
	Attempts    int64     `json:"attempts_total"`
	Resumed     int64     `json:"resumed_total"`
	Acked       int64     `json:"messages_acked_total"`
	Undelivered int64     `json:"messages_undelivered_total"`
	Unavailable int       `json:"guilds_unavailable_lately"`
	Awaited     int       `json:"guilds_awaited"`
	Open        time.Time `json:"oldest_open"`
}

func readLoad(ctx context.Context, admin string) (loadStats, error) {
	var s loadStats
	status, body, err := get(ctx, admin+"/admin/stats")
	if err != nil {
		return s, err
	}
	if status != http.StatusOK {
		return s, fmt.Errorf("/admin/stats of the load: status %d", status)
	}
	return s, json.Unmarshal(body, &s)
}
