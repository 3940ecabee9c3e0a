//! How bounded queues are compared: scenes, rounds, results. Start at `scenes` and `rounds`, then read what happens in
//! a turn: `single`, `messages`, `threads`, `latency`; with channels at whose ends one waits: `wake`, `ping_pong`, `flow`.

mod accounts;
mod check;
mod command;
mod contender;
mod cores;
mod crew;
mod element;
mod entrant;
mod figures;
mod floors;
mod flow;
mod latency;
mod machine;
mod messages;
mod metered;
mod ping_pong;
mod pipes;
mod progress;
mod queues;
pub mod results;
mod rounds;
mod scenes;
mod single;
mod summary;
mod table;
mod task;
mod threads;
mod waiting;
mod wake;
mod work;

pub use command::main;
pub use contender::{Consumer, Contender, Direct, Family, Kind, OnlyEnd, Producer, Shared};
pub use element::{Element, Message};
pub use entrant::Entrant;
pub use figures::{Figure, figures};
pub use machine::results_folder;
pub use queues::queues;
pub use waiting::{Awaited, Waiting};
