package rest

import (
	"context"
	"net/http"
)

const (
	// identifyBuckets is how many sessions a client may start side by side, one in
	// 5 s each: fewer than a node takes from one token.
	identifyBuckets = 16
	// identifyTotal is how many a day the limit speaks of; none are counted.
	identifyTotal = 1000
	dayMS         = 24 * 3_600_000
)

// gatewayURL draws a gateway, each in turn.
func (s *Server) gatewayURL() (string, error) {
	all := s.cfg.Gateways()
	if len(all) == 0 {
		return "", plain(http.StatusServiceUnavailable)
	}
	return all[s.turn.Add(1)%uint64(len(all))], nil
}

func (s *Server) getGateway(context.Context, call) (answer, error) {
	url, err := s.gatewayURL()
	if err != nil {
		return answer{}, err
	}
	return ok(struct {
		URL string `json:"url"`
	}{url})
}

func (s *Server) getGatewayBot(context.Context, call) (answer, error) {
	url, err := s.gatewayURL()
	if err != nil {
		return answer{}, err
	}
	type starts struct {
		Total       int `json:"total"`
		Remaining   int `json:"remaining"`
		ResetAfter  int `json:"reset_after"`
		Concurrency int `json:"max_concurrency"`
	}
	return ok(struct {
		URL    string `json:"url"`
		Shards int    `json:"shards"`
		Starts starts `json:"session_start_limit"`
	}{url, 1, starts{identifyTotal, identifyTotal, dayMS, identifyBuckets}})
}
