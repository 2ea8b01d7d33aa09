package cli

import (
	"encoding/json"
	"errors"
	"net/http"

	actorsadmin "github.com/firebreak-go/firebreak/actors/admin"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gate"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/gateway"
	"github.com/firebreak-go/firebreak/supervision/admission"
)

// admissionPath is where a chat node tells of its admission, and is told.
const admissionPath = "/admin/admission"

// admissionState is what GET, and a POST that was carried out, answer.
type admissionState struct {
	gate.Figures
	// Goodput is how many sessions became ready a second over the last five seconds; Ready is how many there are.
	Goodput float64 `json:"goodput"`
	Ready   int     `json:"ready"`
}

// admissionOrder is the body of a POST.
type admissionOrder struct {
	Rate *admission.Ramp `json:"rate"`
}

// serveAdmission adds the endpoint to a node's admin listener, and its figures to the metrics.
func (a *admin) serveAdmission(turns *gate.Gate, server *gateway.Server, commanding actorsadmin.Config) {
	a.metrics.MustRegister(gate.NewMetrics(turns), gateway.NewMetrics(server))
	a.mux.Handle(admissionPath, commanding.Guard(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodPost:
			order, err := readAdmissionOrder(r)
			if err != nil {
				answerJSON(w, http.StatusBadRequest, map[string]string{"error": oneLine(err)})
				return
			}
			if err := turns.SetRamp(order); err != nil {
				answerJSON(w, http.StatusBadRequest, map[string]string{"error": oneLine(err)})
				return
			}
		default:
			w.Header().Set("Allow", "GET, HEAD, POST")
			answerJSON(w, http.StatusMethodNotAllowed, map[string]string{"error": "admin: admission takes GET and POST"})
			return
		}
		stats := server.Stats()
		w.Header().Set("Cache-Control", "no-store")
		answerJSON(w, http.StatusOK, admissionState{turns.Figures(), stats.Goodput, stats.Ready})
	})))
}

func readAdmissionOrder(r *http.Request) (admission.Ramp, error) {
	decoder := json.NewDecoder(r.Body)
	decoder.DisallowUnknownFields()
	var order admissionOrder
	if err := decoder.Decode(&order); err != nil {
		return admission.Ramp{}, err
	}
	if order.Rate == nil || decoder.More() {
		return admission.Ramp{}, errors.New(`admin: want {"rate": "200/s"}, or 0, auto or off for the rate`)
	}
	return *order.Rate, nil
}
