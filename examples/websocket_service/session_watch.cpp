#include "session.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <boost/json/array.hpp>

#include <algorithm>

namespace seat_service {
namespace {

constexpr std::size_t most_listed = 1000;
constexpr std::size_t most_watches = 64;
constexpr std::size_t most_changes = 20; // of a key, in one event

} // namespace

viewer session::eyes() const {
    return {*me_, service_.options.show_board, steady_clock::now()};
}

/// Adds what is held or awaited by way of other servers, of whom the board knows nothing.
asio::awaitable<void> session::add_foreign(std::vector<key_state>& states, const std::string& prefix) const {
    if (!service_.options.show_board || !service_.locks.get_provider().needs_lease())
        co_return;
    const colock::list_options options{.prefix = prefix};
    const std::vector<colock::lock_info> all = co_await service_.locks.list(options);
    const auto now = steady_clock::now();
    for (const colock::lock_info& each : all) {
        const auto same_key = [&](const key_state& state) { return state.key == each.key; };
        auto state = std::find_if(states.begin(), states.end(), same_key);
        for (const colock::holder_info& holder : each.holders) {
            const auto same_token = [&](const holder_state& known) { return known.token == holder.token; };
            if (state != states.end() &&
                std::any_of(state->holders.begin(), state->holders.end(), same_token))
                continue;
            if (state == states.end())
                state = states.insert(states.end(), key_state{.key = each.key, .mode = holder.mode});
            holder_state foreign{.token = holder.token, .since = now - holder.age};
            if (holder.remaining != colock::forever)
                foreign.until = now + holder.remaining;
            state->holders.push_back(std::move(foreign));
        }
    }
    std::sort(states.begin(), states.end(),
              [](const key_state& a, const key_state& b) { return a.key < b.key; });
}

asio::awaitable<board::listing> session::states(const std::string& prefix) const {
    const viewer by = eyes();
    board::listing found =
        service_.who_has_what.list(prefix, most_listed, [&](const key_state& each) { return by.sees(each); });
    co_await add_foreign(found.keys, prefix);
    if (found.keys.size() > most_listed) {
        found.keys.resize(most_listed);
        found.truncated = true;
    }
    co_return found;
}

json::array session::show(const board::listing& found) const {
    const viewer by = eyes();
    json::array result;
    for (const key_state& each : found.keys)
        result.push_back(lock_state(each, by));
    return result;
}

asio::awaitable<json::object> session::handle(list& what, pending&) {
    const board::listing found = co_await states(what.prefix);
    co_return json::object{{"locks", show(found)}, {"truncated", found.truncated}};
}

asio::awaitable<json::object> session::handle(watch& what, pending&) {
    if (watches_.size() >= most_watches)
        throw failure(fault::bad_request,
                      "this connection watches " + std::to_string(most_watches) + " prefixes already");
    const std::int64_t number = ++last_watch_;
    watches_.emplace(number, what.prefix);
    service_.add_watcher(id_, shared_from_this());
    const board::listing found = co_await states(what.prefix);
    co_return json::object{{"watch", number}, {"locks", show(found)}};
}

asio::awaitable<json::object> session::handle(unwatch& what, pending&) {
    if (watches_.erase(what.watch) == 0)
        throw failure(fault::bad_request, "there is no such watch");
    co_return json::object{};
}

json::object session::all_seats() const {
    json::array all;
    for (const seat& each : service_.theatre.all())
        all.push_back(seat_state(each, *me_));
    const seat_store::totals totals = service_.theatre.count();
    return {{"seats", std::move(all)}, {"sold", totals.sold}, {"conflicts", totals.conflicts}};
}

asio::awaitable<json::object> session::handle(seats&, pending&) {
    co_return all_seats();
}

asio::awaitable<json::object> session::handle(watch_seats&, pending&) {
    watches_seats_ = true;
    service_.add_watcher(id_, shared_from_this());
    co_return all_seats();
}

// ---- events ----

void session::show(std::shared_ptr<const board_updates> updates) {
    asio::post(strand_, [self = shared_from_this(), updates = std::move(updates)] {
        if (self->watches_.empty())
            return;
        for (const key_update& each : *updates) {
            const auto matches = [&](const auto& watch) { return each.state.key.starts_with(watch.second); };
            if (std::none_of(self->watches_.begin(), self->watches_.end(), matches))
                continue;
            key_update& waiting = self->new_states_[each.state.key];
            waiting.state = each.state;
            auto& changes = waiting.changes;
            changes.insert(changes.end(), each.changes.begin(), each.changes.end());
            if (changes.size() > most_changes)
                changes.erase(changes.begin(), changes.end() - most_changes);
        }
        self->flush_events();
    });
}

void session::show_seat(const seat& what, const seat_store::totals& totals) {
    asio::post(strand_, [self = shared_from_this(), what, totals] {
        if (!self->watches_seats_)
            return;
        self->new_seats_[what.number] = what;
        self->seat_totals_ = totals;
        self->flush_events();
    });
}

void session::show_figures(std::shared_ptr<const std::string> figures) {
    asio::post(strand_, [self = shared_from_this(), figures = std::move(figures)] {
        if (self->watches_.empty() && !self->watches_seats_)
            return;
        self->new_figures_ = figures;
        self->flush_events();
    });
}

/// Sends the newest state of what has changed, if all that was sent before is on its way: a slow client gets
/// fewer events, not older ones.
void session::flush_events() {
    if (!outbox_.empty() || dropped_ || closing_)
        return;
    const auto next = [&](auto& of) { return !of.empty() && !outbox_.half_full(); };
    while (next(new_seats_)) {
        json::object members = seat_state(new_seats_.extract(new_seats_.begin()).mapped(), *me_);
        members["sold"] = seat_totals_.sold;
        members["conflicts"] = seat_totals_.conflicts;
        send(event("seat", std::move(members)));
    }
    while (next(new_places_)) {
        const place where = new_places_.extract(new_places_.begin()).mapped();
        if (requests_.contains(where.request))
            send(event("place", place_state(where)));
    }
    const viewer by = eyes();
    while (next(new_states_)) {
        const key_update update = new_states_.extract(new_states_.begin()).mapped();
        std::vector<std::int64_t> of;
        for (const auto& [number, prefix] : watches_)
            if (update.state.key.starts_with(prefix))
                of.push_back(number);
        if (!of.empty() && by.sees(update))
            send(event("lock", lock_changes(of, update, by)));
    }
    if (new_figures_)
        send(*std::exchange(new_figures_, nullptr));
}

} // namespace seat_service
