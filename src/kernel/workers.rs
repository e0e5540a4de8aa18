//! A fixed set of threads behind a bounded queue: first come, first served, by the thread that was last at work.
//!
//! With little to do, one thread does it all, and what it needs is still in the processor's caches.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, Thread};

use super::fault::Fault;

type Job = Box<dyn FnOnce() + Send>;

/// A handle on the threads; they end when it is dropped and the queue is empty.
#[derive(Debug)]
pub struct Workers {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    /// Threads that wait, the one that began last at the end.
    idle: Vec<Thread>,
    closed: bool,
}

impl Workers {
    /// Starts `threads` threads called `name-0`, `name-1`, …; at most `capacity` jobs wait.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the system gives no thread.
    pub fn start(name: &'static str, threads: usize, capacity: usize) -> Result<Self, Fault> {
        let queue = Arc::new(Queue { state: Mutex::default(), capacity });
        for number in 0..threads {
            let queue = Arc::clone(&queue);
            thread::Builder::new()
                .name(format!("{name}-{number}"))
                .spawn(move || queue.work())
                .map_err(|error| Fault::bug(format!("no thread for {name}: {error}")))?;
        }
        Ok(Self { queue })
    }

    /// Puts `job` at the end of the queue.
    ///
    /// # Errors
    /// [`Fault::Busy`] when the queue is full; the job is dropped.
    pub fn submit(&self, job: impl FnOnce() + Send + 'static) -> Result<(), Fault> {
        let mut state = self.queue.lock();
        if state.jobs.len() >= self.queue.capacity {
            return Err(Fault::Busy("the queue is full"));
        }
        state.jobs.push_back(Box::new(job));
        let waiting = state.idle.pop();
        drop(state);
        if let Some(thread) = waiting {
            thread.unpark();
        }
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        let mut state = self.queue.lock();
        state.closed = true;
        state.idle.drain(..).for_each(|thread| thread.unpark());
    }
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(job) = self.next() {
            // The caller hears of a panic by its dropped channel; the thread lives on.
            if catch_unwind(AssertUnwindSafe(job)).is_err() {
                tracing::error!("a job panicked");
            }
        }
    }

    fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if let Some(job) = state.jobs.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            let own = thread::current();
            state.idle.push(own.clone());
            drop(state);
            thread::park();
            state = self.lock();
            // It may have woken for no reason, and would stand there twice.
            state.idle.retain(|thread| thread.id() != own.id());
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::sync::mpsc::channel;
    use std::sync::{Arc, Barrier};
    use std::thread;
    use std::time::Duration;

    use super::Workers;

    #[test]
    fn what_comes_one_after_the_other_is_done_by_one_thread_and_what_comes_at_once_by_all() {
        let workers = Workers::start("test", 4, 16).unwrap();
        let (done, doing) = channel();
        // All have sat down, and the one that worked again.
        let settle = || {
            while workers.queue.lock().idle.len() < 4 {
                thread::yield_now();
            }
        };
        let ask = |together: &Arc<Barrier>| {
            let (done, together) = (done.clone(), Arc::clone(together));
            let job = move || {
                together.wait();
                done.send(thread::current().id()).unwrap();
            };
            workers.submit(job).unwrap();
        };
        let next = || doing.recv_timeout(Duration::from_secs(30)).unwrap();
        let alone = || {
            settle();
            ask(&Arc::new(Barrier::new(1)));
            next()
        };
        let first = alone();
        for _ in 0..10 {
            assert_eq!(alone(), first);
        }
        // None of these ends before all four have begun.
        let together = Arc::new(Barrier::new(4));
        (0..4).for_each(|_| ask(&together));
        assert_eq!((0..4).map(|_| next()).collect::<HashSet<_>>().len(), 4);
    }

    #[test]
    fn every_job_is_done_however_they_come() {
        let workers = Workers::start("test", 3, 10_000).unwrap();
        let (done, doing) = channel();
        for number in 0..5_000 {
            let done = done.clone();
            workers.submit(move || done.send(number).unwrap()).unwrap();
            if number % 7 == 0 {
                thread::yield_now();
            }
        }
        let mut all: Vec<i32> = (0..5_000).map(|_| doing.recv_timeout(Duration::from_secs(5)).unwrap()).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..5_000));
    }
}
