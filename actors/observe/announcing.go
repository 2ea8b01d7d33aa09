package observe

import "github.com/firebreak-go/firebreak/actors"

// announcingSentence is what a record of ours, or a complaint, has come to.
func announcingSentence(kind actors.EventKind) string {
	switch kind { //nolint:exhaustive // the others are not about announcing
	case actors.EventAnnounced:
		return "announced"
	case actors.EventAnnounceRetry:
		return "announcing failed: trying again"
	case actors.EventLeaseConflict:
		return "somebody else holds our key: waiting for it to expire"
	case actors.EventLeaseRepaired:
		return "our record was damaged: written again"
	case actors.EventLeaseTaken:
		return "our predecessor's record replaced"
	case actors.EventLeaseLost:
		return "our record was gone: announcing again"
	case actors.EventWithdrawn:
		return "withdrawn"
	case actors.EventAnnounceDraining:
		return "our record says that it drains"
	case actors.EventAnnounceResumed:
		return "our record takes work again"
	case actors.EventAnnouncePaused:
		return "our record is out, as asked"
	case actors.EventUnhealthy:
		return "our check of health fails"
	case actors.EventHealthy:
		return "our check of health is good"
	case actors.EventComplaintHeard:
		return "a consumer cannot read our record: looking at it"
	case actors.EventComplained:
		return "said that this value cannot be read"
	case actors.EventFaultConfirmed:
		return "other consumers cannot read it either: it is the data"
	case actors.EventDecoderSuspected:
		return "nobody else complains of it: this process may be at fault, or it is the only consumer"
	case actors.EventDecoderCleared:
		return "this process suspects itself no more"
	}
	return ""
}
