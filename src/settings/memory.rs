//! How much memory this process may take, where somebody has set it a limit: a control group, or `ulimit`.

use std::path::Path;

/// The narrowest limit that is found, in bytes.
pub(super) fn limit() -> Option<u64> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let of_groups = read(Path::new("/proc/self/cgroup")).into_iter().flat_map(|text| files(&text));
    let groups = of_groups.filter_map(|path| number(read(Path::new(&path))?.trim()));
    let own = read(Path::new("/proc/self/limits")).unwrap_or_default();
    groups.chain(of_process(&own)).min()
}

/// Where the control groups of a process, and those around them, tell their limits.
fn files(text: &str) -> Vec<String> {
    let mut files = Vec::new();
    for line in text.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else { continue };
        let (root, name) = match controllers {
            "" => ("/sys/fs/cgroup", "memory.max"),
            some if some.split(',').any(|one| one == "memory") => ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
            _ => continue,
        };
        let mut group = group.trim_end_matches('/');
        loop {
            files.push(format!("{root}{group}/{name}"));
            let Some((around, _)) = group.rsplit_once('/') else { break };
            group = around;
        }
    }
    files
}

/// What the shell has set for the process: `ulimit -v` and `ulimit -d`.
fn of_process(limits: &str) -> Option<u64> {
    let named = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        number(line.split_whitespace().next()?)
    };
    ["Max address space", "Max data size"].into_iter().filter_map(named).min()
}

/// `max` and `unlimited` are none, and so is the number by which the first version of control groups says the same.
fn number(text: &str) -> Option<u64> {
    text.parse().ok().filter(|bytes| *bytes < 1 << 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_limit_is_that_of_all_around_it() {
        assert_eq!(
            files("12:cpu,cpuacct:/a\n5:memory:/docker/1\n0::/user.slice/run-1.scope\n"),
            [
                "/sys/fs/cgroup/memory/docker/1/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/docker/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes",
                "/sys/fs/cgroup/user.slice/run-1.scope/memory.max",
                "/sys/fs/cgroup/user.slice/memory.max",
                "/sys/fs/cgroup/memory.max",
            ]
        );
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max data size             536870912            unlimited            bytes\n\
                      Max address space         unlimited            unlimited            bytes\n";
        assert_eq!(of_process(limits), Some(512 << 20));
        assert_eq!((number("max"), number("9223372036854771712")), (None, None));
    }
}
