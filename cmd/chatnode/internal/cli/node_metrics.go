package cli

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/api"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
)

// nodeMetrics are what a chat node tells whoever watches it, beside its runtime's
// numbers: its sessions, and how its calls to API nodes end.
func nodeMetrics(sessions func() gateway.Stats, calls func() api.PoolStats) []prometheus.Collector {
	return []prometheus.Collector{
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "chatnode_sessions", Help: "Connected sessions.",
		}, func() float64 { return float64(sessions().Ready) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "chatnode_api_calls_total", Help: "Calls to API nodes.",
		}, func() float64 { return float64(calls().Calls) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "chatnode_api_calls_failed_total", Help: "Calls to API nodes that failed, tries and all.",
		}, func() float64 { return float64(calls().Failed) }),
	}
}
