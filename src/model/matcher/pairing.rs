//! Who can have whom: elements and expectations paired one to one.

/// The most expectations that can have an element each, given which elements each one takes; says for every
/// expectation which element it has.
///
/// Source: bipartite matching by augmenting paths (Kuhn 1955).
pub fn pair(takes: &[Vec<bool>]) -> Vec<Option<usize>> {
    let n_elements = takes.first().map_or(0, Vec::len);
    let mut holder: Vec<Option<usize>> = vec![None; n_elements];
    for expectation in 0..takes.len() {
        let mut seen = vec![false; n_elements];
        augment(expectation, takes, &mut holder, &mut seen);
    }
    let mut has = vec![None; takes.len()];
    for (element, expectation) in holder.iter().enumerate() {
        if let Some(expectation) = expectation {
            has[*expectation] = Some(element);
        }
    }
    has
}

fn augment(expectation: usize, takes: &[Vec<bool>], holder: &mut [Option<usize>], seen: &mut [bool]) -> bool {
    for element in 0..holder.len() {
        if !takes[expectation][element] || seen[element] {
            continue;
        }
        seen[element] = true;
        if holder[element].is_none_or(|other| augment(other, takes, holder, seen)) {
            holder[element] = Some(expectation);
            return true;
        }
    }
    false
}
