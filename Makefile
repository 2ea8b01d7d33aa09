# Every target is one line; .ci/run is what decides whether a change is good.
.PHONY: test lint build demo bench bench-otp load soak ci cover generate fuzz-short
FUZZTIME ?= 10s

test: ; GOFLAGS="$$(go env GOFLAGS) -race" go test ./...
lint: ; golangci-lint run ./...
build: ; CGO_ENABLED=0 go build -trimpath -o bin/chatnode ./cmd/chatnode
demo: build ; ./bin/chatnode demo
bench: ; go test -run='^$$' -bench=. -benchmem ./...
bench-otp: ; go run ./tests/otpbench
load: ; go test -run='^$$' -bench=Budget -benchtime=1x ./cmd/chatnode/internal/gateway
soak: build ; bash .ci/soak
ci: ; bash .ci/run
cover: ; go test -coverpkg=./... -coverprofile=cover.out ./... && go tool cover -func=cover.out | tail -n 1
generate: ; go generate ./...
fuzz-short: ; bash .ci/fuzz $(FUZZTIME)
