# Every target is one line; .ci/run is what decides whether a change is good.
.PHONY: test lint build demo bench bench-otp soak ci cover generate fuzz-short
FUZZTIME ?= 10s

test: ; GOFLAGS="$$(go env GOFLAGS) -race" go test ./...
lint: ; golangci-lint run ./...
build: ; CGO_ENABLED=0 go build -trimpath -o bin/chatnode ./cmd/chatnode
demo: build ; ./bin/chatnode demo
bench: ; go test -run='^$$' -bench=. -benchmem ./...
bench-otp: ; go run ./tests/otpbench
soak: build ; bash .ci/fuzz 5m && FIREBREAK_SOAK=1 go test -run TestPoisonLeaksNothing -v -timeout 20m ./actors && go test -race -count=1 -timeout=1h -run='^TestChaos$$' -v ./tests/chaos -chaos.duration=2m -chaos.runs=5 && for seed in 1 2 3 4 5; do ./bin/chatnode demo --headless --seed $$seed || exit 1; done
ci: ; bash .ci/run
cover: ; go test -coverpkg=./... -coverprofile=cover.out ./... && go tool cover -func=cover.out | tail -n 1
generate: ; go generate ./...
fuzz-short: ; bash .ci/fuzz $(FUZZTIME)
