//! What the two libraries do for others: the start, the end, output, memory. By Linux' system
//! calls, so that what is built for no operating system can be run, too.

use core::alloc::{GlobalAlloc, Layout};
use core::arch::{asm, global_asm};
use core::cell::UnsafeCell;
use core::fmt::{self, Write};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::ptr;
use core::sync::atomic::{AtomicUsize, Ordering};

#[cfg(target_arch = "x86_64")]
mod system {
    use super::{asm, global_asm};

    // A call pushes an address to the stack, which was aligned to 16 before.
    global_asm!(".globl _start", "_start:", "and rsp, -16", "call {main}", main = sym crate::main);

    pub(super) const WRITE: usize = 1;
    pub(super) const EXIT: usize = 60;

    pub(super) fn call(number: usize, arguments: [usize; 3]) {
        let [a, b, c] = arguments;
        // SAFETY: the two calls above write to no memory of this process.
        unsafe {
            asm!("syscall", inout("rax") number => _, in("rdi") a, in("rsi") b, in("rdx") c,
                out("rcx") _, out("r11") _, options(nostack));
        }
    }
}

#[cfg(target_arch = "aarch64")]
mod system {
    use super::{asm, global_asm};

    global_asm!(".globl _start", "_start:", "bl {main}", main = sym crate::main);

    pub(super) const WRITE: usize = 64;
    pub(super) const EXIT: usize = 93;

    pub(super) fn call(number: usize, arguments: [usize; 3]) {
        let [a, b, c] = arguments;
        // SAFETY: the two calls above write to no memory of this process.
        unsafe {
            asm!(
                "svc #0",
                in("x8") number,
                inout("x0") a => _,
                in("x1") b,
                in("x2") c,
                options(nostack)
            )
        };
    }
}

pub fn exit(code: usize) -> ! {
    system::call(system::EXIT, [code, 0, 0]);
    unreachable!("the process has ended")
}

pub struct Output;

impl Write for Output {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        system::call(system::WRITE, [1, text.as_ptr() as usize, text.len()]);
        Ok(())
    }
}

#[panic_handler]
fn panicked(info: &PanicInfo<'_>) -> ! {
    let _ = writeln!(Output, "{info}");
    exit(101)
}

/// Gives memory out of one piece, and takes back what it gave last.
struct Memory {
    bytes: UnsafeCell<[MaybeUninit<u8>; Self::SIZE]>,
    used: AtomicUsize,
}

#[global_allocator]
static MEMORY: Memory = Memory {
    bytes: UnsafeCell::new([MaybeUninit::uninit(); Memory::SIZE]),
    used: AtomicUsize::new(0),
};

impl Memory {
    const SIZE: usize = 1 << 20;

    fn start(&self) -> *mut u8 {
        self.bytes.get().cast()
    }
}

// SAFETY: no byte is given to two owners.
unsafe impl Sync for Memory {}

// SAFETY: what is given is inside, aligned, and not given again before it is back. There is one
// thread.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let free = self.start().addr() + self.used.load(Ordering::Relaxed);
        let begin = free.next_multiple_of(layout.align()) - self.start().addr();
        let end = begin + layout.size();
        if end > Self::SIZE {
            return ptr::null_mut();
        }
        self.used.store(end, Ordering::Relaxed);
        self.start().wrapping_add(begin)
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        let begin = memory.addr() - self.start().addr();
        let _ = self.used.compare_exchange(
            begin + layout.size(),
            begin,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
    }
}

/// Named where the libraries that come compiled could unwind, and never called.
#[unsafe(no_mangle)]
extern "C" fn rust_eh_personality() {}

/// What the compiler calls without being asked, as C defines it.
mod c {
    use core::mem::MaybeUninit;

    type Byte = MaybeUninit<u8>;

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcpy(to: *mut Byte, from: *const Byte, count: usize) -> *mut Byte {
        // SAFETY: as the caller says.
        unsafe { memmove(to, from, count) }
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memmove(to: *mut Byte, from: *const Byte, count: usize) -> *mut Byte {
        for i in 0..count {
            // What is overwritten has been read.
            let at = if to.addr() < from.addr() { i } else { count - 1 - i };
            // SAFETY: so many can be read, says the caller.
            let byte = unsafe { from.wrapping_add(at).read() };
            // SAFETY: so many can be written, says the caller.
            unsafe { to.wrapping_add(at).write(byte) };
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memset(to: *mut Byte, byte: i32, count: usize) -> *mut Byte {
        for i in 0..count {
            // SAFETY: so many can be written, says the caller.
            unsafe { to.wrapping_add(i).write(MaybeUninit::new(byte as u8)) };
        }
        to
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn memcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
        for i in 0..count {
            // SAFETY: so many can be read of either, says the caller.
            let [a, b] = [one, other].map(|bytes| unsafe { bytes.wrapping_add(i).read() });
            if a != b {
                return i32::from(a) - i32::from(b);
            }
        }
        0
    }

    #[unsafe(no_mangle)]
    unsafe extern "C" fn bcmp(one: *const u8, other: *const u8, count: usize) -> i32 {
        // SAFETY: as the caller says.
        unsafe { memcmp(one, other, count) }
    }
}
