#include "artifact/database/restore_plan.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <unordered_map>

#include <fmt/format.h>

#include "base/format.hpp"

namespace pgdr::app {
namespace {

bool starts_with(const std::string& text, std::string_view start) {
  return text.compare(0, start.size(), start) == 0;
}

bool is_table(const TocEntry& e) {
  return e.kind == "TABLE" || e.kind == "MATERIALIZED VIEW" || e.kind == "FOREIGN TABLE" ||
         e.kind == "VIEW" || e.kind == "SEQUENCE";
}

using ById = std::unordered_map<int, const TocEntry*>;

// A function that an archive creates is no extension's, whatever it is called.
bool belongs_to(const TocEntry& e, const LeftOut& left, const ById& by_id) {
  if (e.kind == "EXTENSION") return e.tag == left.extension;
  if (e.kind == "COMMENT" && e.tag == "EXTENSION " + left.extension) return true;
  if (e.kind == "ACL" && !left.functions.empty() &&
      starts_with(e.tag, "FUNCTION " + left.functions)) {
    return std::none_of(e.dependencies.begin(), e.dependencies.end(), [&](int d) {
      const auto at = by_id.find(d);
      return at != by_id.end() && at->second->kind == "FUNCTION";
    });
  }
  return !left.schema.empty() && (e.schema == left.schema || e.tag == "SCHEMA " + left.schema);
}

bool is_privilege(const TocEntry& e) {
  return e.kind == "ACL" || e.kind == "ACL LANGUAGE" || e.kind == "DEFAULT ACL";
}

// What comes along with a table because it is part of it.
bool is_part_of_table(const TocEntry& e) {
  static const std::unordered_set<std::string> kinds = {
      "TABLE DATA",       "DEFAULT",      "INDEX",         "CONSTRAINT",
      "CHECK CONSTRAINT", "TRIGGER",      "RULE",          "POLICY",
      "ROW SECURITY",     "COMMENT",      "ACL",           "SEQUENCE OWNED BY",
      "SEQUENCE SET",     "INDEX ATTACH", "TABLE ATTACH",  "STATISTICS",
      "SECURITY LABEL",   "SEQUENCE",     "FK CONSTRAINT", "MATERIALIZED VIEW DATA",
      "STATISTICS DATA"};
  return kinds.contains(e.kind);
}

// What a table or the body of a function may use without an archive's knowing.
bool is_helper(const TocEntry& e) {
  static const std::unordered_set<std::string> kinds = {"EXTENSION",
                                                        "SCHEMA",
                                                        "TYPE",
                                                        "SHELL TYPE",
                                                        "DOMAIN",
                                                        "FUNCTION",
                                                        "PROCEDURE",
                                                        "AGGREGATE",
                                                        "OPERATOR",
                                                        "OPERATOR CLASS",
                                                        "OPERATOR FAMILY",
                                                        "CAST",
                                                        "COLLATION",
                                                        "CONVERSION",
                                                        "PROCEDURAL LANGUAGE",
                                                        "ACCESS METHOD",
                                                        "TRANSFORM",
                                                        "SEQUENCE",
                                                        "SEQUENCE SET",
                                                        "TEXT SEARCH PARSER",
                                                        "TEXT SEARCH DICTIONARY",
                                                        "TEXT SEARCH TEMPLATE",
                                                        "TEXT SEARCH CONFIGURATION"};
  return kinds.contains(e.kind);
}

bool is_relation(const TocEntry& e) {
  return e.kind == "TABLE" || e.kind == "VIEW" || e.kind == "MATERIALIZED VIEW" ||
         e.kind == "FOREIGN TABLE";
}

ById index_of(const Toc& toc) {
  ById by_id;
  for (const auto& e : toc.entries) by_id.emplace(e.id, &e);
  return by_id;
}

// Chooses tables by name and everything they need or consist of.
class Selection {
 public:
  explicit Selection(const Toc& toc) : toc_(toc), by_id_(index_of(toc)) {}

  Status choose(const std::vector<std::string>& names) {
    for (const auto& name : names) PGDR_CHECK(choose_one(name));
    for (bool grown = true; grown;) {
      grown = add_partitions();
      grown = add_sources() || grown;
    }
    for (const int id : tables_) require(id);
    for (bool grown = true; grown;) grown = add_parts();
    add_helpers();
    return success();
  }
  [[nodiscard]] bool contains(const TocEntry& e) const {
    return chosen_.contains(e.id) || e.kind == "ENCODING" || e.kind == "STDSTRINGS" ||
           e.kind == "SEARCHPATH";
  }
  [[nodiscard]] std::vector<std::string> names() const {
    std::vector<std::string> out;
    for (const auto& e : toc_.entries) {
      if (tables_.contains(e.id)) out.push_back(e.schema + "." + e.tag);
    }
    return out;
  }

 private:
  Status choose_one(const std::string& name) {
    std::vector<std::string> known;
    bool found = false;
    for (const auto& e : toc_.entries) {
      if (!is_table(e)) continue;
      const std::string full = e.schema + "." + e.tag;
      if (name == full || name == e.tag) {
        tables_.insert(e.id);
        found = true;
      }
      known.push_back(name.find('.') == std::string::npos ? e.tag : full);
    }
    if (found) return success();
    const std::string near = nearest(name, known);
    return Error::of(Code::kUsage, fmt::format("the backup holds no table \"{}\"", name),
                     near.empty() ? "pgdr show LABEL --identity FILE lists the tables"
                                  : fmt::format("did you mean \"{}\"?", near));
  }

  // A partition belongs to its parent: "TABLE ATTACH" depends on both.
  bool add_partitions() {
    bool grown = false;
    for (const auto& e : toc_.entries) {
      if (e.kind != "TABLE ATTACH") continue;
      bool parent = false;
      std::optional<int> child;
      for (const int d : e.dependencies) {
        const auto at = by_id_.find(d);
        if (at == by_id_.end() || at->second->kind != "TABLE") continue;
        if (at->second->tag == e.tag && at->second->schema == e.schema) {
          child = d;
        } else {
          parent = parent || tables_.contains(d);
        }
      }
      if (parent && child && tables_.insert(*child).second) grown = true;
    }
    return grown;
  }

  // A materialized view has the rows of what it reads, through whatever views.
  bool add_sources() {
    std::vector<int> work;
    for (const auto& e : toc_.entries) {
      if (e.kind == "MATERIALIZED VIEW" && tables_.contains(e.id)) work.push_back(e.id);
    }
    std::unordered_set<int> seen(work.begin(), work.end());
    bool grown = false;
    while (!work.empty()) {
      const auto at = by_id_.find(work.back());
      work.pop_back();
      if (at == by_id_.end()) continue;
      const std::string& kind = at->second->kind;
      if (kind == "TABLE" || kind == "MATERIALIZED VIEW") {
        grown = tables_.insert(at->first).second || grown;
      }
      if (kind == "TABLE") continue;
      for (const int d : at->second->dependencies) {
        if (seen.insert(d).second) work.push_back(d);
      }
    }
    return grown;
  }

  // The entry and all it depends on: its schema, types, functions, sequences of its defaults.
  void require(int id) {
    std::vector<int> work{id};
    while (!work.empty()) {
      const int at = work.back();
      work.pop_back();
      const auto found = by_id_.find(at);
      if (found == by_id_.end() || !chosen_.insert(at).second) continue;
      // A table that something merely refers to comes with its definition.
      for (const int d : found->second->dependencies) work.push_back(d);
    }
  }

  // Entries that are part of a chosen table, with what they need; a foreign key only when the table
  // it points to is chosen as well.
  bool add_parts() {
    bool grown = false;
    for (const auto& e : toc_.entries) {
      if (chosen_.contains(e.id) || !is_part_of_table(e)) continue;
      bool part = false;
      bool other_table = false;
      for (const int d : e.dependencies) {
        const auto at = by_id_.find(d);
        if (at == by_id_.end()) continue;
        if (tables_.contains(d) || owned_.contains(d)) {
          part = true;
        } else if (at->second->kind == "TABLE" || at->second->kind == "CONSTRAINT") {
          other_table = other_table || !chosen_.contains(d);
        }
      }
      if (!part || (other_table && (e.kind == "FK CONSTRAINT" || e.kind == "TABLE ATTACH"))) {
        continue;
      }
      if (e.kind == "SEQUENCE" || e.kind == "INDEX" || e.kind == "CONSTRAINT") owned_.insert(e.id);
      require(e.id);
      grown = true;
    }
    // Sequences behind the chosen tables' defaults bring their values.
    for (const auto& e : toc_.entries) {
      if (e.kind == "SEQUENCE" && chosen_.contains(e.id) && owned_.insert(e.id).second) {
        grown = true;
      }
    }
    return grown;
  }

  // Everything that is_helper(), with its comments, privileges (a function of SECURITY DEFINER must
  // not become everybody's) and labels; not what needs a relation that is not chosen, nor the
  // sequence that such a one owns.
  void add_helpers() {
    std::unordered_set<int> owned_elsewhere;
    for (const auto& e : toc_.entries) {
      if (e.kind != "SEQUENCE OWNED BY" || !needs_other_relation(e.id)) continue;
      owned_elsewhere.insert(e.dependencies.begin(), e.dependencies.end());
    }
    std::vector<int> helpers;
    for (const auto& e : toc_.entries) {
      if (!is_helper(e) || needs_other_relation(e.id)) continue;
      const auto& needs = e.dependencies;
      if (owned_elsewhere.contains(e.id) ||
          (e.kind == "SEQUENCE SET" && std::any_of(needs.begin(), needs.end(), [&](int d) {
             return owned_elsewhere.contains(d);
           }))) {
        continue;
      }
      helpers.push_back(e.id);
    }
    chosen_.insert(helpers.begin(), helpers.end());
    for (const auto& e : toc_.entries) {
      if (e.kind != "COMMENT" && e.kind != "ACL" && e.kind != "SECURITY LABEL") continue;
      const auto& needs = e.dependencies;
      if (!needs.empty() && std::all_of(needs.begin(), needs.end(), [&](int d) {
            return chosen_.contains(d) && by_id_.contains(d) && is_helper(*by_id_.at(d));
          })) {
        chosen_.insert(e.id);
      }
    }
  }

  // Without recursion: a chain of dependencies may be long, and may close (I/O functions and their
  // type).
  bool needs_other_relation(int id) const {
    std::unordered_set<int> seen{id};
    std::vector<int> work{id};
    while (!work.empty()) {
      const auto at = by_id_.find(work.back());
      work.pop_back();
      if (at == by_id_.end()) continue;
      if (is_relation(*at->second) && !chosen_.contains(at->first)) return true;
      for (const int d : at->second->dependencies) {
        if (seen.insert(d).second) work.push_back(d);
      }
    }
    return false;
  }

  const Toc& toc_;
  ById by_id_;
  std::unordered_set<int> tables_;
  std::unordered_set<int> owned_;
  std::unordered_set<int> chosen_;
};

// Shares the data out: entries whose data depends on one another stay together, the largest group
// goes to the stream with the least to do. Tables that the archive does not create belong to
// extensions and may have foreign keys from the start, which the archive's dependencies do not show
// (dumpTableData gives an entry no others than its table): they stay together, in its order.
std::vector<std::vector<int>> share_out(const Toc& toc, const std::vector<const TocEntry*>& data,
                                        int jobs,
                                        const std::map<std::string, std::uint64_t>& sizes) {
  const ById by_id = index_of(toc);
  std::unordered_map<int, std::size_t> at;
  for (std::size_t i = 0; i < data.size(); ++i) at.emplace(data[i]->id, i);
  std::vector<std::size_t> leader(data.size());
  std::iota(leader.begin(), leader.end(), 0);
  const auto find = [&](std::size_t i) {
    while (leader[i] != i) i = leader[i] = leader[leader[i]];
    return i;
  };
  for (std::size_t i = 0; i < data.size(); ++i) {
    for (const int d : data[i]->dependencies) {
      if (const auto other = at.find(d); other != at.end()) leader[find(i)] = find(other->second);
    }
  }
  std::optional<std::size_t> foreign;
  for (std::size_t i = 0; i < data.size(); ++i) {
    if (data[i]->kind != "TABLE DATA") continue;
    const auto& needs = data[i]->dependencies;
    const bool created = std::any_of(needs.begin(), needs.end(), [&](int d) {
      const auto table = by_id.find(d);
      return table != by_id.end() && table->second->kind == "TABLE";
    });
    if (created) continue;
    if (foreign) leader[find(i)] = find(*foreign);
    foreign = i;
  }
  std::map<std::size_t, std::uint64_t> weight;
  for (std::size_t i = 0; i < data.size(); ++i) {
    std::uint64_t size = 8192;
    if (data[i]->has_data) {
      const auto known = sizes.find(data[i]->schema + "." + data[i]->tag);
      if (known != sizes.end()) size += known->second;
    }
    weight[find(i)] += size;
  }
  std::vector<std::pair<std::uint64_t, std::size_t>> groups;
  groups.reserve(weight.size());
  for (const auto& [group, size] : weight) groups.emplace_back(size, group);
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return a.first != b.first ? a.first > b.first : a.second < b.second;
  });
  std::vector<std::uint64_t> load(static_cast<std::size_t>(std::max(jobs, 1)), 0);
  std::map<std::size_t, std::size_t> stream_of;
  for (const auto& [size, group] : groups) {
    const auto least = std::min_element(load.begin(), load.end());
    *least += size;
    stream_of[group] = static_cast<std::size_t>(least - load.begin());
  }
  std::vector<std::vector<int>> streams(load.size());
  for (std::size_t i = 0; i < data.size(); ++i) {
    streams[stream_of[find(i)]].push_back(data[i]->id);
  }
  std::erase_if(streams, [](const auto& s) { return s.empty(); });
  return streams;
}

}  // namespace

Result<RestorePlan> plan_restore(const Toc& toc, const PlanOptions& options) {
  Selection selection(toc);
  if (!options.only.empty()) PGDR_CHECK(selection.choose(options.only));
  RestorePlan plan;
  std::vector<const TocEntry*> data;
  const ById by_id = index_of(toc);
  // COMMENT, ACL and the like have no section: they belong to the one they follow.
  Section current = Section::kPreData;
  for (const auto& e : toc.entries) {
    if (e.section != Section::kNone) current = e.section;
    if (!options.only.empty() && !selection.contains(e)) continue;
    const auto left = std::find_if(options.leave_out.begin(), options.leave_out.end(),
                                   [&](const LeftOut& one) { return belongs_to(e, one, by_id); });
    if (left != options.leave_out.end()) {
      if (e.kind == "EXTENSION") plan.left_out.push_back(left->extension);
      continue;
    }
    if (options.schema_only && e.section == Section::kData) continue;
    plan.all.push_back(e.id);
    if (current == Section::kData && e.section == Section::kData) {
      data.push_back(&e);
    } else if (current == Section::kPostData || is_privilege(e) || current == Section::kData) {
      plan.after.push_back(e.id);
    } else {
      plan.before.push_back(e.id);
    }
  }
  plan.data = share_out(toc, data, options.jobs, options.sizes);
  if (!options.only.empty()) plan.tables = selection.names();
  return plan;
}

std::string list_text(const std::vector<int>& ids) {
  std::string text;
  for (const int id : ids) text += std::to_string(id) + ";\n";
  return text;
}

std::unordered_set<int> with_data(const Toc& toc, const std::vector<int>& ids) {
  const std::unordered_set<int> wanted(ids.begin(), ids.end());
  std::unordered_set<int> out;
  for (const auto& e : toc.entries) {
    if (e.has_data && wanted.contains(e.id)) out.insert(e.id);
  }
  return out;
}

}  // namespace pgdr::app
