#include "memory/lock_table.hpp"

#include "memory/transaction.hpp"

#include <algorithm>
#include <mutex>
#include <random>
#include <thread>

namespace colock::memory {
namespace {

std::uint64_t random_origin() {
    std::random_device device;
    const std::uint64_t bits = std::uint64_t{device()} << 32 | device();
    // not zero, which means none, and with room for a shard's number
    return (bits | std::uint64_t{1} << 63) & ~std::uint64_t{lock_table::shard_count - 1};
}

} // namespace

lock_table::lock_table(std::size_t max_waiters, std::shared_ptr<clock_source> clock)
    : max_waiters_(max_waiters), clock_(clock ? std::move(clock) : steady_clock_source()),
      origin_(random_origin()), tokens_(*clock_, clock_ == steady_clock_source()) {
    for (unsigned i = 0; i < shard_count; ++i) {
        shards_[i].table = this;
        shards_[i].index = i;
        shards_[i].alarm.of = &shards_[i];
    }
}

lock_table::~lock_table() {
    detach();
    for (shard& s : shards_) {
        std::vector<entry*> entries;
        s.entries.for_each([&](entry& e) { entries.push_back(&e); });
        for (entry* e : entries) {
            e->holds.clear_and_dispose([&](hold_record* held) { s.pool.recycle(held); });
            s.pool.recycle(e);
        }
        std::vector<owner_record*> owners;
        s.owners.for_each([&](owner_record& o) { owners.push_back(&o); });
        for (owner_record* o : owners)
            delete o;
    }
}

std::uint64_t lock_table::shards_of(const key_set& keys) noexcept {
    std::uint64_t mask = 0;
    for (std::size_t i = 0; i < keys.size(); ++i)
        mask |= std::uint64_t{1} << shard_of(keys.hash(i));
    return mask;
}

// The common cases of one key, without the machinery of a transaction: nobody holds it or waits for it, or it
// is to be waited for. Nothing follows from them for anybody else.
attempt lock_table::begin(const lock_request& request, acquisition& granted,
                          boost::system::error_code& refused, waiting_room* waiting) {
    if (request.keys.size() == 1) {
        const std::size_t hash = request.keys.hash(0);
        shard& s = shards_[shard_of(hash)];
        const std::lock_guard lock(s.mutex);
        if (!s.stopped && !watcher()) {
            entry* const e = s.find(request.keys[0], hash);
            if (!e) {
                grant_new(s, request, granted);
                return attempt::granted;
            }
            if (request.mode == lock_mode::exclusive && request.owner.empty() && e->visible() &&
                request.wait > duration::zero() && e->waiter_count < max_waiters_) {
                if (waiting)
                    enqueue(waiting->emplace(*this, request, std::uint64_t{1} << s.index, granted, refused),
                            *e);
                return attempt::undecided;
            }
        }
    }
    return begin_any(request, granted, refused, waiting);
}

void lock_table::grant_new(shard& s, const lock_request& request, acquisition& granted) {
    const time_point end = end_of(request);
    time_point now = never;
    const std::uint64_t token = std::max(next_token(now), s.last_token + 1);
    entry& e = s.add_entry(request.keys[0], request.keys.hash(0));
    hold_record& held = s.add_hold(e, request, token, at_least_coarse(now), end);
    held.told = true;
    if (end != never)
        s.arm(*clock_);
    ++s.statistics.granted;
    granted.id = id_of(s.index, token);
    granted.token = token;
    granted.expires_at = end;
    granted.held = request.scoped ? &held : nullptr;
}

void lock_table::enqueue(waiter& w, entry& e) {
    shard& s = *e.home;
    s.add_place(e, *w.links);
    w.queued(); // from here on it leaves its queue by itself, also if its deadline cannot be set
    ++s.statistics.queued;
    if (w.request.wait != forever) {
        s.deadlines.push(w, saturated_add(clock_->now(), w.request.wait));
        s.arm(*clock_);
    }
}

attempt lock_table::begin_any(const lock_request& request, acquisition& granted,
                              boost::system::error_code& refused, waiting_room* waiting) {
    const std::uint64_t shards = shards_of(request.keys);
    transaction step(*this, shards);
    step.run_due();
    shard& home = shards_[static_cast<unsigned>(std::countr_zero(shards))];
    if (home.stopped) {
        refused = errc::closed;
        return attempt::refused;
    }
    const auto entries = step.locate(request.keys);
    const auto verdict = step.examine(request, entries, nullptr);
    if (verdict == transaction::verdict::grantable) {
        granted = step.grant(request, entries, nullptr);
        return attempt::granted;
    }
    if (verdict == transaction::verdict::never || request.wait <= duration::zero())
        refused = errc::already_locked;
    else if (std::any_of(entries.begin(), entries.end(),
                         [&](const entry* e) { return e && e->waiter_count >= max_waiters_; }))
        refused = errc::too_many_waiters;
    if (refused) {
        ++home.statistics.refused;
        step.tell_refused(request);
        return attempt::refused;
    }
    if (waiting)
        step.enqueue(waiting->emplace(*this, request, shards, granted, refused), entries,
                     request.wait == forever ? never : saturated_add(step.now(), request.wait));
    return attempt::undecided;
}

bool lock_table::cancel(waiter& w) noexcept {
    transaction step(*this, w.shards);
    if (!w.is_queued)
        return false;
    step.finish(w, asio::error::operation_aborted, lock_event_kind::cancelled);
    return true;
}

// Several calls of one owner may have been granted the same hold. It is given back when none of them will
// return it to its caller, and none has.
void lock_table::received(waiter& w, bool by_caller) noexcept {
    transaction step(*this, w.shards);
    const auto entries = step.locate(w.request.keys);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        if (!entries[i])
            continue;
        auto& holds = entries[i]->holds;
        const auto held = std::find_if(holds.begin(), holds.end(),
                                       [&](const hold_record& h) { return h.born == w.links[i].born; });
        if (held == holds.end())
            continue; // gone since
        --held->untold;
        held->told = held->told || by_caller;
        if (held->untold == 0 && !held->told)
            step.end(*held, loss::none);
    }
}

namespace {

// The hold that a grant names; none of a scope's.
hold_record* named_hold(entry* e, const grant& held) {
    if (e)
        for (hold_record& h : e->holds)
            if (h.token == held.id().number && !h.pinned)
                return &h;
    return nullptr;
}

// The oldest hold of nobody in particular.
hold_record* ownerless_hold(entry& e) {
    for (hold_record& h : e.holds)
        if (!h.owner && !h.pinned)
            return &h;
    return nullptr;
}

} // namespace

time_point lock_table::extend(const grant& held, duration span) {
    transaction step(*this, shards_of(held.keys()));
    step.run_due();
    std::vector<hold_record*> holds;
    for (entry* e : step.locate(held.keys()))
        holds.push_back(has_granted(held.id()) ? named_hold(e, held) : nullptr);
    if (std::find(holds.begin(), holds.end(), nullptr) != holds.end())
        throw lock_error::lost(held.keys());
    const time_point end = saturated_add(step.now(), span);
    for (hold_record* h : holds) {
        step.set_expiry(*h, end);
        step.tell(lock_event_kind::renewed, *h);
    }
    return end;
}

// The common cases of one key, as in try_simple().
std::optional<bool> lock_table::release_simple(const key_set& keys, std::string_view owner) {
    const std::size_t hash = keys.hash(0);
    shard& s = shards_[shard_of(hash)];
    const std::lock_guard lock(s.mutex);
    entry* const e = s.find(keys[0], hash);
    hold_record* const held = !e              ? nullptr
                              : owner.empty() ? ownerless_hold(*e)
                                              : transaction::own_hold(*e, owner);
    if (!held)
        return false;
    if (!e->waiters.empty() || watcher() || clock_->may_be_due(held->at))
        return std::nullopt;
    ++s.statistics.released;
    s.remove_hold(*held);
    s.pool.recycle(held);
    s.retire_if_unused(*e);
    return true;
}

bool lock_table::release(const key_set& keys, std::string_view owner) {
    if (keys.size() == 1)
        if (const auto released = release_simple(keys, owner))
            return *released;
    transaction step(*this, shards_of(keys));
    step.run_due();
    bool all = true;
    for (entry* e : step.locate(keys)) {
        hold_record* held = nullptr;
        if (e)
            held = owner.empty() ? ownerless_hold(*e) : transaction::own_hold(*e, owner);
        if (held)
            step.end(*held, loss::none);
        all = all && held;
    }
    return all;
}

bool lock_table::release(const grant& held) {
    if (!has_granted(held.id()))
        return false;
    transaction step(*this, shards_of(held.keys()));
    step.run_due();
    bool all = true;
    for (entry* e : step.locate(held.keys())) {
        hold_record* h = named_hold(e, held);
        if (h)
            step.end(*h, loss::none);
        all = all && h;
    }
    return all;
}

// What is held at one moment is released, but a shard at a time, so that a large table does not stop all
// others. What is granted meanwhile came after it, and stays.
std::size_t lock_table::release_all(const std::string* owner) {
    std::array<std::uint64_t, shard_count> newest;
    {
        const transaction step(*this, all_shards);
        for (unsigned i = 0; i < shard_count; ++i)
            newest[i] = shards_[i].last_token;
    }
    std::size_t keys = 0;
    for (unsigned i = 0; i < shard_count; ++i) {
        transaction step(*this, std::uint64_t{1} << i);
        step.run_due();
        std::vector<hold_record*> ending;
        if (owner) {
            if (owner_record* o = shards_[i].find_owner(*owner))
                for (hold_record& held : o->holds)
                    if (held.token <= newest[i])
                        ending.push_back(&held);
            keys += ending.size(); // an owner holds a key once
        } else {
            shards_[i].entries.for_each([&](entry& e) {
                const std::size_t known = ending.size();
                for (hold_record& held : e.holds)
                    if (held.token <= newest[i])
                        ending.push_back(&held);
                keys += ending.size() != known;
            });
        }
        for (hold_record* held : ending)
            step.end(*held, owner ? loss::none : loss::revoked);
    }
    return keys;
}

std::vector<lock_info> lock_table::list(const list_request& what) {
    std::vector<lock_info> result;
    for (unsigned i = 0; i < shard_count; ++i) {
        transaction step(*this, std::uint64_t{1} << i);
        step.run_due();
        shards_[i].entries.for_each([&](entry& e) {
            if (!e.visible() || !e.name().starts_with(what.prefix))
                return;
            if (what.owner && !transaction::own_hold(e, *what.owner))
                return;
            lock_info info{std::string(e.name()), {}, e.waiter_count};
            for (const hold_record& held : e.holds) {
                holder_info h;
                h.owner = held.owner ? held.owner->owner : std::string();
                h.id = id_of(held.granted_by, held.token);
                h.token = held.token;
                h.mode = held.mode;
                h.scoped = held.pinned;
                h.age = step.now() - held.since;
                h.remaining = held.at == never ? forever : held.at - step.now();
                info.holders.push_back(std::move(h));
            }
            result.push_back(std::move(info));
        });
    }
    return result;
}

provider_statistics lock_table::statistics() {
    provider_statistics sum;
    for (shard& s : shards_) {
        const std::lock_guard lock(s.mutex);
        const provider_statistics& part = s.statistics;
        sum.granted += part.granted;
        sum.queued += part.queued;
        sum.refused += part.refused;
        sum.timed_out += part.timed_out;
        sum.cancelled += part.cancelled;
        sum.released += part.released;
        sum.expired += part.expired;
        sum.revoked += part.revoked;
        sum.waiting += part.waiting;
        s.entries.for_each([&](entry& e) { sum.held += e.visible(); });
    }
    return sum;
}

namespace {

std::vector<waiter*> all_waiters(lock_table& table) {
    std::vector<waiter*> found;
    for (unsigned i = 0; i < lock_table::shard_count; ++i)
        table.at(i).entries.for_each([&](const entry& e) {
            for (const waiter_link& link : e.waiters)
                if (&link == link.of->links) // once a call
                    found.push_back(link.of);
        });
    return found;
}

} // namespace

void lock_table::stop() noexcept {
    transaction step(*this, all_shards);
    for (shard& s : shards_)
        s.stopped = true;
    for (waiter* w : all_waiters(*this))
        step.finish(*w, errc::closed, lock_event_kind::cancelled);
}

void lock_table::close() noexcept {
    for (unsigned i = 0; i < shard_count; ++i) {
        transaction step(*this, std::uint64_t{1} << i);
        std::vector<hold_record*> ending;
        shards_[i].entries.for_each([&](entry& e) {
            for (hold_record& held : e.holds)
                if (held.pinned)
                    ending.push_back(&held);
        });
        for (hold_record* held : ending)
            step.end(*held, loss::closed);
    }
}

void lock_table::set_observer(std::shared_ptr<observer> watcher) {
    const std::lock_guard lock(watchers_mutex_);
    watcher_.store(watcher.get(), std::memory_order_release);
    if (watcher)
        watchers_.push_back(std::move(watcher));
}

void lock_table::orphan() noexcept {
    stop();
    {
        const transaction step(*this, all_shards);
        std::size_t pinned = 0;
        for (shard& s : shards_) {
            s.orphaned = true;
            pinned += s.pinned;
        }
        pinned_.store(pinned, std::memory_order_relaxed);
        if (pinned != 0)
            self_ = shared_from_this();
    }
    for (shard& s : shards_)
        clock_->cancel(s.alarm);
    await_posts(); // whoever posts looks at its shard once more, which may by then belong to nobody
}

void lock_table::await_posts() noexcept {
    for (shard& s : shards_) {
        std::uint32_t begun = 0;
        {
            const std::lock_guard lock(s.mutex);
            begun = s.posts_begun;
        }
        while (static_cast<std::int32_t>(begun - s.posts_ended.load(std::memory_order_acquire)) > 0)
            std::this_thread::yield();
    }
}

void lock_table::unpinned(std::size_t holds) noexcept {
    if (pinned_.fetch_sub(holds, std::memory_order_acq_rel) == holds)
        const auto last = std::move(self_);
}

std::vector<detail::resumption> lock_table::forget(asio::execution_context& context) noexcept {
    std::vector<detail::resumption> abandoned;
    {
        transaction step(*this, all_shards);
        for (waiter* w : all_waiters(*this))
            if (w->context == &context) {
                step.abandon(*w);
                abandoned.push_back(std::move(w->resume));
            }
    }
    await_posts(); // another thread may have decided a wait just before, and be about to post to the context
    return abandoned;
}

} // namespace colock::memory
