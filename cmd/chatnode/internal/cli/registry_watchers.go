package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// maxStatsBytes bounds an answer of etcd's about itself; it is 500 bytes long.
const maxStatsBytes = 64 << 10

// registryWatchers is "chatnode registry watchers".
type registryWatchers struct {
	Etcd    []httpURL `default:"http://127.0.0.1:2379" help:"etcd members; each is asked."`
	Timeout period    `default:"5s" help:"How long to wait for all of them."`
	JSON    bool      `name:"json" help:"Print JSON."`
}

// memberWatchers is what one member says.
type memberWatchers struct {
	Member   string `json:"member"`
	Watchers int64  `json:"watchers"`
}

// Help lists the exit codes.
func (registryWatchers) Help() string { return exitCodes() }

func (c *registryWatchers) run(ctx context.Context, s *session) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(c.Timeout))
	defer cancel()
	var members []memberWatchers
	for _, member := range texts(c.Etcd) {
		n, err := watchersOf(ctx, member)
		if err != nil {
			return fmt.Errorf("etcd at %s does not say how many watch it: %w; start it or name another with --etcd", member, err)
		}
		members = append(members, memberWatchers{member, n})
	}
	if c.JSON {
		return printJSON(s.stdout, members)
	}
	table := newTable(s.stdout, "MEMBER", "WATCHERS")
	for _, m := range members {
		row(table, m.Member, m.Watchers)
	}
	return table.Flush()
}

// watchersOf asks a member for the number of watches that wait at it, of the v2
// API: etcd counts them itself.
func watchersOf(ctx context.Context, member string) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, member+"/v2/stats/store", http.NoBody)
	if err != nil {
		return 0, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("it answers %s", reply.Status)
	}
	var stats struct {
		Watchers *int64 `json:"watchers"`
	}
	if err := json.NewDecoder(io.LimitReader(reply.Body, maxStatsBytes)).Decode(&stats); err != nil {
		return 0, fmt.Errorf("its answer is no JSON: %w", err)
	}
	if stats.Watchers == nil {
		return 0, errors.New("its answer has no count")
	}
	return *stats.Watchers, nil
}
