//! The memory limit of this process: its control groups', or that of `ulimit`.

use std::path::Path;

/// Returns the lowest limit in bytes, or none if no limit is set.
pub(super) fn limit() -> Option<u64> {
    let read = |path: &Path| std::fs::read_to_string(path).ok();
    let group_files = read(Path::new("/proc/self/cgroup")).into_iter().flat_map(|text| limit_files(&text));
    let group_limits = group_files.filter_map(|path| parse_limit(read(Path::new(&path))?.trim()));
    let process_limits = read(Path::new("/proc/self/limits")).unwrap_or_default();
    group_limits.chain(process_limit(&process_limits)).min()
}

/// Returns the files that hold the limits of a process's control groups and of their parents.
fn limit_files(text: &str) -> Vec<String> {
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
            let Some((parent, _)) = group.rsplit_once('/') else { break };
            group = parent;
        }
    }
    files
}

/// Returns the limit that the shell set for the process: `ulimit -v` or `ulimit -d`.
fn process_limit(limits: &str) -> Option<u64> {
    let named = |name: &str| {
        let line = limits.lines().find_map(|line| line.strip_prefix(name))?;
        parse_limit(line.split_whitespace().next()?)
    };
    ["Max address space", "Max data size"].into_iter().filter_map(named).min()
}

/// Parses a limit. `max`, `unlimited` and the huge number of cgroup v1 all mean: no limit.
fn parse_limit(text: &str) -> Option<u64> {
    text.parse().ok().filter(|bytes| *bytes < 1 << 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_groups_parents_limit_it_too() {
        assert_eq!(
            limit_files("12:cpu,cpuacct:/a\n5:memory:/docker/1\n0::/user.slice/run-1.scope\n"),
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
        assert_eq!(process_limit(limits), Some(512 << 20));
        assert_eq!((parse_limit("max"), parse_limit("9223372036854771712")), (None, None));
    }
}
