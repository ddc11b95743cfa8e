#include <memory>

#include <fmt/format.h>

#include "app/key/key.hpp"
#include "config/config.hpp"
#include "base/file.hpp"
#include "base/log.hpp"
#include "base/prompt.hpp"
#include "command/commands.hpp"
#include "command/key.hpp"
#include "command/render.hpp"

namespace pgdr::command {
namespace {

struct KeyOptions {
  std::string output;
  std::string file;
  bool signing = false;
  bool protect = false;
  std::string passphrase_file;
};

// Typed twice: a key behind a passphrase that nobody knows is lost.
Result<std::string> new_passphrase(const KeyOptions& options) {
  if (!options.passphrase_file.empty()) {
    return read_passphrase_file(expand_home(options.passphrase_file));
  }
  PGDR_TRY(std::string first, ask_secret("passphrase for the new key"));
  PGDR_TRY(std::string again, ask_secret("once more"));
  const bool same = first == again;
  cleanse(again);
  if (same) return first;
  cleanse(first);
  return Error::of(Code::kNoKey, "these were two different passphrases: no key was made");
}

// As age-keygen does: the key to standard output, or to a file and its public half to the user.
Result<int> run_generate(const Globals& globals, const KeyOptions& options) {
  if (options.protect && (options.signing || options.output.empty())) {
    return Error::of(Code::kUsage, "--protect is for an age key in a file", "add -o FILE");
  }
  if (options.signing && options.output.empty()) {
    return Error::of(Code::kUsage, "a signing key needs a file", "add -o FILE");
  }
  if (options.output.empty()) {
    PGDR_TRY(app::NewIdentity fresh, app::new_identity(system_clock()));
    if (globals.json) {
      cleanse(fresh.file_text);
      return Error::of(Code::kUsage, "--json needs -o FILE: the key itself is not JSON");
    }
    print(fresh.file_text);
    cleanse(fresh.file_text);
    log_info("public key: " + fresh.recipient);
    return 0;
  }
  const std::string path = expand_home(options.output);
  std::string passphrase;
  if (options.protect) {
    PGDR_TRY(passphrase, new_passphrase(options));
  }
  const Result<std::string> made =
      options.signing ? app::generate_signing_key(path)
                      : app::generate_identity_file(path, system_clock(), passphrase);
  cleanse(passphrase);
  PGDR_TRY(const std::string public_key, made);
  if (globals.json) {
    print_json({{"file", path}, {options.signing ? "public_key" : "recipient", public_key}});
    return 0;
  }
  print(public_key + "\n");
  log_info(options.signing
               ? fmt::format("the private signing key is in {}", path)
               : fmt::format("the private key is in {}: keep two copies of it away from this host; "
                             "without it no backup made for it can ever be opened",
                             path));
  return 0;
}

bool is_signing_key(const std::string& path) {
  Result<std::string> text = read_secret_file(path);
  if (!text) return false;
  const bool pem = text->find("-----BEGIN PRIVATE KEY-----") != std::string::npos;
  cleanse(*text);
  return pem;
}

Result<int> show_file(const Globals& globals, const std::string& path) {
  Json keys = Json::array();
  if (is_signing_key(path)) {
    PGDR_TRY(const std::string public_key, app::signing_public_key(path));
    keys.push_back(public_key);
  } else {
    PGDR_TRY(const std::vector<std::string> recipients, app::identity_recipients(path));
    for (const std::string& recipient : recipients) keys.push_back(recipient);
  }
  if (globals.json) {
    print_json({{"file", path}, {"public_keys", std::move(keys)}});
  } else {
    for (const auto& key : keys) print(key.get<std::string>() + "\n");
  }
  return 0;
}

Result<int> show_configured(const Globals& globals) {
  PGDR_TRY(const Config config, load_config(globals.config));
  Table table({{"SET"}, {"OPENED BY"}});
  Json sets = Json::array();
  for (const auto& [name, set] : config.sets) {
    Json recipients = Json::array();
    for (const std::string& recipient : set.recipients) {
      table.add({name, recipient});
      recipients.push_back(recipient);
    }
    if (!set.recipients_file.empty()) table.add({name, "the keys in " + set.recipients_file});
    if (!set.passphrase_file.empty()) {
      table.add({name, "the passphrase in " + set.passphrase_file});
    }
    const auto path = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
    sets.push_back({{"set", name},
                    {"recipients", std::move(recipients)},
                    {"recipients_file", path(set.recipients_file)},
                    {"passphrase_file", path(set.passphrase_file)}});
  }
  if (globals.json) {
    print_json({{"sets", std::move(sets)}, {"trusted_signers", config.signing.trusted}});
    return 0;
  }
  print(table.text(color_on_stdout()));
  for (const std::string& key : config.signing.trusted) print("trusted signer: " + key + "\n");
  return 0;
}

}  // namespace

void add_key(CLI::App& app, const Globals& globals, Runner& run) {
  auto options = std::make_shared<KeyOptions>();
  CLI::App* cmd = app.add_subcommand("key", "Make, show and change keys");
  cmd->require_subcommand(1);

  CLI::App* generate = cmd->add_subcommand("generate", "Make a key pair, in age's own syntax");
  generate
      ->add_option("-o,--output", options->output,
                   "File for the private key (else standard output)")
      ->type_name("FILE");
  auto* protect = generate->add_flag("--protect", options->protect,
                                     "Encrypt the file with a passphrase, which is asked for");
  generate
      ->add_option("--passphrase-file", options->passphrase_file,
                   "With --protect: take the passphrase from this file")
      ->type_name("FILE")
      ->needs(protect);
  generate->add_flag("--signing", options->signing, "A key that signs manifests, instead");
  run.on(generate, [options, &globals] { return run_generate(globals, *options); });

  add_key_rotate(*cmd, globals, run);
  add_key_rewrap(*cmd, globals, run);

  CLI::App* show =
      cmd->add_subcommand("show", "Show public keys: of a key file, or the configured");
  show->add_option("FILE", options->file, "Identity file or signing key");
  run.on(show, [options, &globals] {
    return options->file.empty() ? show_configured(globals)
                                 : show_file(globals, expand_home(options->file));
  });
}

}  // namespace pgdr::command
