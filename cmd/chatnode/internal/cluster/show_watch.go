package cluster

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"path"
	"strconv"
	"sync"
	"time"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/page"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/pulse"
)

const showEtcdPeriod = 2 * time.Second

func idOf(key string) string { return path.Base(key) }

// attend lets a chat node's own figures reach the page beside another attendant.
func (s *show) attend(of server, then func(ctx context.Context, life int)) func(ctx context.Context, life int) {
	if s == nil {
		return then
	}
	return func(ctx context.Context, life int) {
		var both sync.WaitGroup
		both.Go(func() {
			for ctx.Err() == nil {
				s.followPulse(ctx, of, life)
				pause(ctx, reconnectWait)
			}
		})
		then(ctx, life)
		both.Wait()
	}
}

// followPulse reads one connection to its end.
func (s *show) followPulse(ctx context.Context, of server, life int) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, of.adminURL()+"/admin/pulse", http.NoBody)
	if err != nil {
		return
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		pause(ctx, time.Second)
		return
	}
	lines := bufio.NewScanner(reply.Body)
	for lines.Scan() {
		var p pulse.Pulse
		if json.Unmarshal(lines.Bytes(), &p) == nil && ctx.Err() == nil {
			s.see(page.PulseSeen{At: time.Now(), Node: of.name, Life: life, Pulse: p})
		}
	}
}

// watchersMetric is etcd's own count of the watches of the v2 API that wait. Its
// /v2/stats/store has it too, but reads it without a lock.
const watchersMetric = "etcd_debugging_store_watchers "

// showEtcd reads how many watches wait at etcd.
func (a *act) showEtcd(ctx context.Context) {
	tick := time.NewTicker(showEtcdPeriod)
	defer tick.Stop()
	for {
		status, body, err := get(ctx, a.maker.etcdURL()+"/metrics")
		if n, there := watchersOf(body); err == nil && status == http.StatusOK && there {
			a.show.see(page.EtcdSeen{Watchers: n})
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// watchersOf finds the count among etcd's metrics.
func watchersOf(metrics []byte) (int, bool) {
	_, rest, there := bytes.Cut(metrics, []byte("\n"+watchersMetric))
	if !there {
		return 0, false
	}
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	n, err := strconv.ParseFloat(string(value), 64)
	return int(n), err == nil
}
