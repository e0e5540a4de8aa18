//! A fixed set of threads behind a bounded queue: first come, first served.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::fault::Fault;

type Job = Box<dyn FnOnce() + Send>;

/// A handle on the threads; they end when it is dropped and the queue is empty.
#[derive(Debug)]
pub struct Workers {
    queue: Arc<Queue>,
}

struct Queue {
    state: Mutex<State>,
    ready: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct State {
    jobs: VecDeque<Job>,
    closed: bool,
}

impl Workers {
    /// Starts `threads` threads called `name-0`, `name-1`, …; at most `capacity` jobs wait.
    ///
    /// # Errors
    /// [`Fault::Bug`] when the system gives no thread.
    pub fn start(name: &'static str, threads: usize, capacity: usize) -> Result<Self, Fault> {
        let queue = Arc::new(Queue { state: Mutex::default(), ready: Condvar::new(), capacity });
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
        drop(state);
        self.queue.ready.notify_one();
        Ok(())
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        self.queue.lock().closed = true;
        self.queue.ready.notify_all();
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
            state = self.ready.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Queue").field("capacity", &self.capacity).finish_non_exhaustive()
    }
}
