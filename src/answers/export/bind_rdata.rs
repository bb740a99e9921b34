//! Values of Route 53 as data of a master file (RFC 1035, section 5), as BIND 9.18 takes it.
//!
//! BIND refuses a whole zone for one value that it does not take. So each value is read, checked as BIND checks it, and written
//! anew. A value that BIND would refuse is an error here.
//!
//! **Invariant:** knows values and types, and no zone.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::master_text::{ExportName, MAX_STRING, ValueToken, master_string, tokens};
use super::naptr_regexp::is_substitution;
use super::svc_params::svc_params;

/// The tokens of a value that are not read yet.
struct Tokens<'v>(std::vec::IntoIter<ValueToken<'v>>);

type Rdata = Result<String, String>;

/// The data of a value of a type.
///
/// # Errors
///
/// Returns what BIND would refuse.
pub(super) fn rdata(kind: &str, value: &str) -> Rdata {
    let tokens = tokens(value).ok_or("a quote in it does not end")?;
    let mut tokens = Tokens(tokens.into_iter());
    let data = match kind {
        "A" => ipv4(tokens.next()?.inner())?,
        "AAAA" => ipv6(tokens.next()?.inner())?,
        "CNAME" | "NS" | "PTR" => tokens.name()?,
        "MX" => format!("{} {}", tokens.number(u16::MAX.into())?, tokens.name()?),
        "SRV" => format!("{} {}", tokens.numbers(&[u16::MAX.into(); 3])?, tokens.name()?),
        "TXT" | "SPF" => return tokens.strings(),
        "CAA" => tokens.authorization()?,
        "DS" => return tokens.digest(&[u16::MAX.into(), u8::MAX.into(), u8::MAX.into()], DS_BYTES),
        "SSHFP" => return tokens.digest(&[u8::MAX.into(); 2], SSHFP_BYTES),
        "TLSA" => return tokens.digest(&[u8::MAX.into(); 3], &[]),
        "NAPTR" => tokens.pointer()?,
        "SOA" => tokens.start()?,
        "HTTPS" | "SVCB" => return tokens.service(),
        _ => return Err(format!("this export does not know the type {kind}")),
    };
    match tokens.0.next() {
        None => Ok(data),
        Some(_) => Err("it has more parts than its type".to_owned()),
    }
}

/// The bytes of digests by their types. Types that are not listed may have any number.
const DS_BYTES: &[(u64, usize)] = &[(1, 20), (2, 32), (3, 32), (4, 48)];
const SSHFP_BYTES: &[(u64, usize)] = &[(1, 20), (2, 32)];

fn ipv4(text: &str) -> Rdata {
    // BIND takes no zeros in front, and Rust neither.
    let parts: Option<Vec<u8>> = text.split('.').map(|part| part.parse().ok()).collect();
    let parts: Option<[u8; 4]> = parts.and_then(|parts| parts.try_into().ok());
    parts.map(|parts| Ipv4Addr::from(parts).to_string()).ok_or_else(|| "it is no IPv4 address".to_owned())
}

fn ipv6(text: &str) -> Rdata {
    text.parse::<Ipv6Addr>().map(|address| address.to_string()).map_err(|_| "it is no IPv6 address".to_owned())
}

impl<'v> Tokens<'v> {
    fn next(&mut self) -> Result<ValueToken<'v>, String> {
        self.0.next().ok_or_else(|| "it has fewer parts than its type".to_owned())
    }

    fn name(&mut self) -> Rdata {
        let token = self.next()?;
        let name = ExportName::read(token.inner()).map(|name| name.absolute());
        name.ok_or_else(|| format!("`{}` is no DNS name", token.inner()))
    }

    fn number(&mut self, most: u64) -> Result<u64, String> {
        let token = self.next()?;
        let number = token.inner().parse().ok().filter(|number| *number <= most);
        number.ok_or_else(|| format!("`{}` is no number from 0 to {most}", token.inner()))
    }

    fn numbers(&mut self, most: &[u64]) -> Rdata {
        let numbers: Result<Vec<String>, String> =
            most.iter().map(|most| self.number(*most).map(|number| number.to_string())).collect();
        Ok(numbers?.join(" "))
    }

    fn string(&mut self) -> Result<Vec<u8>, String> {
        let bytes = self.next()?.bytes();
        if bytes.len() <= MAX_STRING { Ok(bytes) } else { Err("it has a text of more than 255 bytes".to_owned()) }
    }

    /// The strings of a text. One that is too long becomes several: their end has no meaning.
    fn strings(self) -> Rdata {
        let mut strings = Vec::new();
        for token in self.0 {
            let bytes = token.bytes();
            if bytes.is_empty() {
                strings.push(master_string(&[]));
            }
            strings.extend(bytes.chunks(MAX_STRING).map(master_string));
        }
        if strings.is_empty() { Err("it has no text".to_owned()) } else { Ok(strings.join(" ")) }
    }

    /// Numbers, the last of which is the type of the digest, and the digest.
    fn digest(mut self, most: &[u64], lengths: &[(u64, usize)]) -> Rdata {
        let numbers = self.numbers(most)?;
        let kind: u64 = numbers.rsplit(' ').next().and_then(|kind| kind.parse().ok()).unwrap_or_default();
        let digits: String = self.0.map(|token| token.inner().to_ascii_uppercase()).collect();
        let bytes = hex::decode(&digits).map_err(|_| "its digest is not hexadecimal")?;
        let wanted = lengths.iter().find(|(of, _)| *of == kind).map(|(_, bytes)| *bytes);
        if bytes.is_empty() || wanted.is_some_and(|wanted| wanted != bytes.len()) {
            return Err(format!("its digest has {} bytes, which is wrong for its type", bytes.len()));
        }
        Ok(format!("{numbers} {digits}"))
    }

    fn authorization(&mut self) -> Rdata {
        let flags = self.number(u8::MAX.into())?;
        let tag = self.next()?.inner();
        if !(1..=MAX_STRING).contains(&tag.len()) || !tag.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(format!("`{tag}` is no tag: it has letters and digits alone"));
        }
        Ok(format!("{flags} {tag} {}", master_string(&self.next()?.bytes())))
    }

    fn pointer(&mut self) -> Rdata {
        let numbers = self.numbers(&[u16::MAX.into(); 2])?;
        let [flags, service, regexp] = [self.string()?, self.string()?, self.string()?];
        if !is_substitution(&regexp) {
            return Err("its regular expression is no substitution".to_owned());
        }
        let strings = [flags, service, regexp].map(|string| master_string(&string)).join(" ");
        Ok(format!("{numbers} {strings} {}", self.name()?))
    }

    fn start(&mut self) -> Rdata {
        let names = [self.name()?, self.name()?].join(" ");
        Ok(format!("{names} {}", self.numbers(&[u32::MAX.into(); 5])?))
    }

    fn service(mut self) -> Rdata {
        let priority = self.number(u16::MAX.into())?;
        let target = self.name()?;
        let params = svc_params(self.0)?;
        let written = params.iter().map(|param| format!(" {}", param.master()));
        Ok(format!("{priority} {target}{}", written.collect::<String>()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(kind: &str, value: &str) -> String {
        rdata(kind, value).unwrap_or_else(|why| format!("! {why}"))
    }

    #[test]
    fn values_are_written_as_bind_takes_them() {
        let cases = include_str!("tests/rdata.txt");
        let written: Vec<String> = cases
            .lines()
            .filter_map(|line| line.split_once(' '))
            .map(|(kind, value)| format!("{kind} {value}\n    {}", of(kind, value)))
            .collect();
        insta::assert_snapshot!(written.join("\n"));
    }

    #[test]
    fn a_long_text_becomes_several_strings() {
        let long = of("TXT", &format!("\"{}\"", "a".repeat(600)));
        assert_eq!(long.len(), 600 + 3 * 2 + 2);
        assert_eq!(of("TXT", "\"\" \"\""), "\"\" \"\"");
        let escaped = of("TXT", &format!("\"{}\"", "\\303".repeat(255)));
        assert_eq!(escaped, format!("\"{}\"", "\\195".repeat(255)));
    }
}
