%% The Erlang side of the comparison: erl -noshell -pa FOLDER -run bench main ROW N
%% prints one line "ROW VARIANT VALUE" for each way in which OTP can do the row.
%%
%% A variant is a kind of supervisor and a kind of child:
%%   static  one_for_one, its children listed in its init       simple  simple_one_for_one
%%   server  a gen_server                                       plain   a bare process started by proc_lib
%% The logger is off, as it is on the other sides: no report of a crash is built or printed.
-module(bench).
-export([main/1, init/1, handle_continue/2, handle_info/2, handle_cast/2, handle_call/3]).
-export([start_server/1, start_plain/1, run_plain/1]).

%% OTP's restart costs time in proportion to the restarts inside the period, so a fresh supervisor takes over after this
%% many crashes, and the period is the shortest that there is.
-define(BATCH, 20).
-define(INTENSITY, 1000000000).
-define(PERIOD, 1).

main([Row, N]) ->
    ok = logger:set_primary_config(level, none),
    try measure(Row, list_to_integer(N)) of
        ok -> halt(0)
    catch
        Class:Reason:Stack ->
            io:format(standard_error, "bench.erl: ~s: ~p: ~p~n~p~n", [Row, Class, Reason, Stack]),
            halt(1)
    end.

measure("versions", _) ->
    io:format("Erlang/OTP ~s, erts ~s, ~s, ~b schedulers~n",
              [erlang:system_info(otp_release), erlang:system_info(version),
               erlang:system_info(emu_flavor), erlang:system_info(schedulers_online)]);
measure("restart-error", N) -> each("restart-error", fun(Sup, Child) -> restarts(Sup, Child, fail, N) end);
measure("restart-panic", N) -> each("restart-panic", fun(Sup, Child) -> restarts(Sup, Child, raise, N) end);
measure("storm-error", N) -> each("storm-error", fun(Sup, Child) -> storms(Sup, Child, fail, N) end);
measure("storm-panic", N) -> each("storm-panic", fun(Sup, Child) -> storms(Sup, Child, raise, N) end);
measure("start", N) -> each("start", fun(Sup, Child) -> starts(Sup, Child, N) end);
measure("memory", N) -> each("memory", fun(Sup, Child) -> memory(Sup, Child, N) end).

each(Row, Measure) ->
    [io:format("~s ~s-~s ~.3f~n", [Row, Sup, Child, float(Measure(Sup, Child))])
     || Sup <- [static, simple], Child <- [server, plain]],
    ok.

%% One child, one crash after the other, each once the child is up again: nanoseconds a crash.
%% The first batches are a warm-up.
restarts(Kind, Child, How, N) ->
    Batches = max(1, N div ?BATCH),
    _ = [batch(Kind, Child, How) || _ <- lists:seq(1, 1 + Batches div 10)],
    lists:sum([batch(Kind, Child, How) || _ <- lists:seq(1, Batches)]) / (Batches * ?BATCH).

batch(Kind, Child, How) ->
    {Sup, Gate, [Pid]} = nursery(Kind, Child, 1),
    Began = now_ns(),
    crash(?BATCH, Pid, How, Gate),
    Took = now_ns() - Began,
    stop(Sup),
    Took.

crash(0, _, _, _) -> ok;
crash(Left, Pid, How, Gate) ->
    expect(Gate, 1),
    Pid ! How,
    crash(Left - 1, await(), How, Gate).

%% N children crash at once: nanoseconds until the last is up again and the supervisor has taken it. The first is a warm-up.
storms(Kind, Child, How, N) ->
    _ = storm(Kind, Child, How, N),
    storm(Kind, Child, How, N).

storm(Kind, Child, How, N) ->
    {Sup, Gate, Pids} = nursery(Kind, Child, N),
    erlang:garbage_collect(),
    expect(Gate, N),
    Began = now_ns(),
    [Pid ! How || Pid <- Pids],
    _ = await(),
    settle(Sup),
    Took = now_ns() - Began,
    stop(Sup),
    Took.

%% N children, each asked for when the one before is up: nanoseconds a child. The first tenth is a warm-up of its own.
starts(Kind, Child, N) ->
    _ = started(Kind, Child, 1 + N div 10),
    started(Kind, Child, N).

started(Kind, Child, N) ->
    {Sup, Gate, []} = nursery(Kind, Child, 0),
    Began = now_ns(),
    spawns(Sup, Gate, Kind, Child, N),
    Took = now_ns() - Began,
    stop(Sup),
    Took / N.

%% N children at rest, garbage collected: bytes a child, the supervisor's share included.
memory(Kind, Child, N) ->
    {Sup, Gate, []} = nursery(Kind, Child, 0),
    collect(),
    Before = erlang:memory(processes),
    spawns(Sup, Gate, Kind, Child, N),
    collect(),
    After = erlang:memory(processes),
    stop(Sup),
    (After - Before) / N.

%% What processes that are gone had held is returned a little after their end.
collect() ->
    timer:sleep(200),
    [erlang:garbage_collect(Pid) || Pid <- processes()].

%% A supervisor with N children that are up.
nursery(Kind, Child, N) ->
    Gate = {atomics:new(1, []), self()},
    expect(Gate, N),
    Listed = case Kind of static -> N; simple -> 0 end,
    {ok, Sup} = supervisor:start_link(?MODULE, {supervisor, Kind, Child, Gate, Listed}),
    spawns(Sup, Gate, Kind, Child, N - Listed),
    N > 0 andalso await(),
    {Sup, Gate, [Pid || {_, Pid, _, _} <- supervisor:which_children(Sup)]}.

spawns(Sup, _, simple, _, N) ->
    [{ok, _} = supervisor:start_child(Sup, []) || _ <- lists:seq(1, N)],
    ok;
spawns(Sup, Gate, static, Child, N) ->
    [{ok, _} = supervisor:start_child(Sup, spec(Id, Child, Gate)) || Id <- lists:seq(1, N)],
    ok.

%% Answered when the supervisor has taken everything that was sent to it before.
settle(Sup) -> {error, not_found} = supervisor:get_childspec(Sup, none).

stop(Sup) ->
    unlink(Sup),
    Monitor = monitor(process, Sup),
    exit(Sup, shutdown),
    receive {'DOWN', Monitor, _, _, _} -> ok end.

spec(Id, Child, Gate) ->
    Start = case Child of server -> start_server; plain -> start_plain end,
    #{id => Id, start => {?MODULE, Start, [Gate]}, shutdown => brutal_kill}.

init({supervisor, static, Child, Gate, N}) ->
    {ok, {#{strategy => one_for_one, intensity => ?INTENSITY, period => ?PERIOD},
          [spec(Id, Child, Gate) || Id <- lists:seq(1, N)]}};
init({supervisor, simple, Child, Gate, _}) ->
    {ok, {#{strategy => simple_one_for_one, intensity => ?INTENSITY, period => ?PERIOD}, [spec(child, Child, Gate)]}};
init({server, Gate}) ->
    {ok, Gate, {continue, up}}.

%% Children say that they are up after the supervisor was sent the result of their init.
start_server(Gate) -> gen_server:start_link(?MODULE, {server, Gate}, []).
handle_continue(up, Gate) -> arrive(Gate), {noreply, Gate}.
handle_info(fail, Gate) -> {stop, failed, Gate};
handle_info(raise, _) -> erlang:error(failed).
handle_cast(_, Gate) -> {noreply, Gate}.
handle_call(_, _, Gate) -> {reply, ok, Gate}.

start_plain(Gate) -> proc_lib:start_link(?MODULE, run_plain, [Gate]).
run_plain(Gate) ->
    proc_lib:init_ack({ok, self()}),
    arrive(Gate),
    receive
        fail -> exit(failed);
        raise -> erlang:error(failed)
    end.

%% A gate counts arrivals; the last one that is expected wakes the driver.
expect({Left, _}, N) -> atomics:put(Left, 1, N).
arrive({Left, Driver}) ->
    case atomics:sub_get(Left, 1, 1) of
        0 -> Driver ! {up, self()};
        _ -> ok
    end.
await() -> receive {up, Pid} -> Pid end.

now_ns() -> erlang:monotonic_time(nanosecond).
