// The SFTP store when the server, the network or the set-up fails (HAZARDS 2, 6, 15, 18; host
// keys).
#include <csignal>
#include <fstream>
#include <thread>

#include "base/file.hpp"
#include "base/interrupt.hpp"
#include "sftp/sftp_place.hpp"
#include "unit/store_content.hpp"

namespace pgdr::test {
namespace {

using std::chrono::milliseconds;
using store::Store;

bool says(const std::string& text, const std::string& word) {
  return text.find(word) != std::string::npos;
}

// The first thing that a command does with a repository.
Error refusal(store::SftpOptions options) {
  const auto listed = open(std::move(options), false)->list("");
  EXPECT_FALSE(listed);
  return listed ? Error{} : listed.error();
}

// --- who is there, and who we are

TEST(SftpFault, AnUnknownHostKeyIsRefusedAndSaysHowToAddIt) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.known_hosts_file = key_file("empty_hosts");
  ASSERT_TRUE(write_file(options.ssh.known_hosts_file, "", 0600));
  const Error error = refusal(options);
  EXPECT_FALSE(error.retryable);
  EXPECT_TRUE(says(error.message, "not known")) << error.message;
  EXPECT_TRUE(says(error.message, "SHA256:")) << error.message;
  EXPECT_TRUE(says(error.hint, "ssh-keyscan -t ed25519 -p " + std::to_string(options.ssh.port)));
  EXPECT_TRUE(says(error.hint, options.ssh.known_hosts_file)) << error.hint;
  // The hint is not just words: what it says lets us in.
  Command add;
  add.argv = {"sh", "-c", error.hint.substr(error.hint.rfind("ssh-keyscan")) + " 2>/dev/null"};
  ASSERT_TRUE(run_and_capture(std::move(add)));
  options.path = variable("PGDR_SFTP_ROOT");
  EXPECT_TRUE(open(options, false)->stat("a"));
}

TEST(SftpFault, AMissingKnownHostsFileIsNoInvitation) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.known_hosts_file = key_file("no_such_file");
  const Error error = refusal(options);
  EXPECT_TRUE(says(error.message, "not known")) << error.message;
  EXPECT_FALSE(std::filesystem::exists(options.ssh.known_hosts_file));
}

TEST(SftpFault, AChangedHostKeyIsRefused) {
  store::SftpOptions options = options_for(fresh_path());
  const auto other = read_file(key_file("id_stranger.pub"));
  ASSERT_TRUE(other);
  options.ssh.known_hosts_file = key_file("changed_hosts");
  ASSERT_TRUE(write_file(options.ssh.known_hosts_file,
                         "[127.0.0.1]:" + std::to_string(options.ssh.port) + " " + *other, 0600));
  const Error error = refusal(options);
  EXPECT_FALSE(error.retryable);
  EXPECT_TRUE(says(error.message, "not the known one")) << error.message;
  EXPECT_TRUE(says(error.hint, "ssh-keygen -R")) << error.hint;
}

TEST(SftpFault, AKeyThatIsNotLetInIsFinal) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.identity_file = key_file("id_stranger");
  const Error error = refusal(options);
  EXPECT_FALSE(error.retryable);
  EXPECT_TRUE(says(error.message, "id_stranger")) << error.message;
  EXPECT_TRUE(says(error.hint, "authorized_keys")) << error.hint;
}

TEST(SftpFault, AKeyWithAPassphraseIsForTheAgent) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.identity_file = key_file("id_locked");
  const Error error = refusal(options);
  EXPECT_EQ(error.code, Code::kNoKey);
  EXPECT_TRUE(says(error.message, "passphrase")) << error.message;
  EXPECT_TRUE(says(error.hint, "ssh-add")) << error.hint;
}

TEST(SftpFault, AKeyThatOthersMayReadIsRefused) {
  store::SftpOptions options = options_for(fresh_path());
  const auto key = read_file(key_file("id_ed25519"));
  ASSERT_TRUE(key);
  options.ssh.identity_file = key_file("id_open");
  ASSERT_TRUE(write_file(options.ssh.identity_file, *key, 0644));
  const Error error = refusal(options);
  EXPECT_EQ(error.code, Code::kNoKey);
  EXPECT_TRUE(says(error.hint, "chmod")) << error.hint;
  options.ssh.identity_file = key_file("id_ed25519.pub");
  EXPECT_EQ(refusal(options).code, Code::kNoKey);
}

TEST(SftpFault, NothingThereIsRetryable) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.port = 1;
  const Error error = refusal(options);
  EXPECT_TRUE(error.retryable);
  EXPECT_TRUE(says(error.message, "port 1")) << error.message;
}

// --- the repository's folder

TEST(SftpFault, AMissingRepositoryIsNotAnEmptyOne) {
  const auto store = open(options_for(fresh_path()), false);
  EXPECT_EQ(store->list("").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->stat("a").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->open("a").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->remove("a").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store->lock("a").error().code, Code::kRepositoryMissing);
  EXPECT_EQ(store::write_text(*store, "a", "x").error().code, Code::kRepositoryMissing);
}

TEST(SftpFault, AFolderBelowAMissingOneIsNotMade) {
  const auto made = store::open_sftp(options_for(fresh_path() + "/a/b"), true);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, Code::kRepositoryMissing);
}

TEST(SftpFault, PermissionDeniedSaysSo) {
  const std::string path = fresh_path();
  const auto store = open(options_for(path));
  ASSERT_TRUE(store::write_text(*store, "a/b", "x"));
  std::filesystem::permissions(path + "/a", std::filesystem::perms::owner_read);
  const Status written = store::write_text(*store, "a/c", "x");
  ASSERT_FALSE(written);
  EXPECT_TRUE(says(written.error().message, "permission denied")) << to_string(written.error());
  std::filesystem::permissions(path + "/a", std::filesystem::perms::none);
  // A folder that cannot be read is no empty folder.
  const auto listed = store->list("");
  ASSERT_FALSE(listed);
  EXPECT_TRUE(says(listed.error().message, "permission denied"));
  std::filesystem::permissions(path + "/a", std::filesystem::perms::owner_all);
}

// --- the server dies, stalls, fills up

TEST(SftpFault, AServerKilledDuringAnUploadLeavesNoObject) {
  const std::string path = fresh_path();
  const auto store = open(options_for(path));
  auto upload = store->create("set/label/dump");
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store::put(**upload, content_of(10U << 20U)));
  Status failed = success();
  {
    const ServerAction dead("stop", "start");
    for (int i = 0; i < 1000 && failed; ++i) failed = store::put(**upload, content_of(1U << 20U));
    ASSERT_FALSE(failed);
    EXPECT_TRUE(failed.error().retryable) << to_string(failed.error());
    upload->reset();
  }
  EXPECT_FALSE(store->stat("set/label/dump")->has_value());
  const auto leftovers = store->leftovers("set/");
  ASSERT_TRUE(leftovers) << to_string(leftovers.error());
  ASSERT_EQ(leftovers->size(), 1U);
  EXPECT_TRUE(store->remove_leftover(leftovers->front()));
  EXPECT_TRUE(store->leftovers("set/")->empty());
  ASSERT_TRUE(store::write_text(*store, "set/label/dump", "again"));
  EXPECT_EQ(*store::read_text(*store, "set/label/dump"), "again");
}

TEST(SftpFault, ADownloadGoesOnAfterTheServerCameBack) {
  const auto store = open(options_for(fresh_path()));
  const std::string content = content_of(12U << 20U);
  ASSERT_TRUE(store::write_text(*store, "a", content));
  auto source = store->open("a");
  ASSERT_TRUE(source);
  std::string back(content.size(), '\0');
  const auto bytes = std::as_writable_bytes(std::span(back.data(), back.size()));
  ASSERT_EQ(*read_full(**source, bytes.first(1U << 20U)), 1U << 20U);
  server("stop");
  server("start");
  const auto rest = read_full(**source, bytes.subspan(1U << 20U));
  ASSERT_TRUE(rest) << to_string(rest.error());
  EXPECT_EQ(*rest, content.size() - (1U << 20U));
  EXPECT_TRUE(back == content);
}

TEST(SftpFault, AnObjectReplacedMeanwhileIsDamage) {
  const std::string path = fresh_path();
  const auto store = open(options_for(path));
  ASSERT_TRUE(store::write_text(*store, "a", content_of(12U << 20U)));
  auto source = store->open("a");
  ASSERT_TRUE(source);
  std::vector<std::byte> buffer(12U << 20U);
  ASSERT_TRUE(read_full(**source, MutableBytes(buffer).first(1000)));
  std::filesystem::resize_file(path + "/a", 11U << 20U);
  const auto rest = read_full(**source, buffer);
  ASSERT_FALSE(rest);
  EXPECT_EQ(rest.error().code, Code::kCorrupt);
}

TEST(SftpFault, AStalledServerIsGivenUp) {
  store::SftpOptions options = options_for(fresh_path());
  options.ssh.stall_timeout = milliseconds(400);
  options.ssh.connect_timeout = milliseconds(1000);
  const auto store = open(options);
  auto upload = store->create("a");
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store->stat("a"));
  const ServerAction frozen("freeze", "thaw");
  const auto begun = std::chrono::steady_clock::now();
  Status failed = success();
  for (int i = 0; i < 1000 && failed; ++i) failed = store::put(**upload, content_of(1U << 20U));
  ASSERT_FALSE(failed);
  EXPECT_TRUE(failed.error().retryable) << to_string(failed.error());
  upload->reset();
  const auto entry = store->stat("a");
  ASSERT_FALSE(entry);
  EXPECT_TRUE(entry.error().retryable) << to_string(entry.error());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(15));
}

TEST(SftpFault, ASignalEndsAWait) {
  const auto store = open(options_for(fresh_path()));
  auto upload = store->create("a");
  ASSERT_TRUE(upload);
  const ServerAction frozen("freeze", "thaw");
  install_signal_handlers();
  raise(SIGTERM);
  const auto begun = std::chrono::steady_clock::now();
  Status failed = success();
  for (int i = 0; i < 1000 && failed; ++i) failed = store::put(**upload, content_of(1U << 20U));
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().code, Code::kInterrupted);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
  clear_interrupt();
}

TEST(SftpFault, AnUploadGivenUpLeavesNothingEvenAfterASignal) {
  const auto store = open(options_for(fresh_path()));
  auto upload = store->create("a");
  ASSERT_TRUE(upload);
  ASSERT_TRUE(store::put(**upload, content_of(1U << 20U)));
  install_signal_handlers();
  raise(SIGTERM);
  upload->reset();
  clear_interrupt();
  const auto leftovers = store->leftovers("");
  ASSERT_TRUE(leftovers) << to_string(leftovers.error());
  EXPECT_TRUE(leftovers->empty());
}

// A file system of 4 MiB, where this process may mount one.
TEST(SftpFault, AFullDiskIsNoSpace) {
  const std::string path = fresh_path();
  std::filesystem::create_directory(path);
  Command mount;
  mount.argv = {"mount", "-t", "tmpfs", "-o", "size=4m,mode=777", "tmpfs", path};
  if (!run_and_capture(std::move(mount))) GTEST_SKIP() << "no right to mount a small file system";
  {
    const auto store = open(options_for(path));
    const Status written = store::write_text(*store, "a", content_of(20U << 20U));
    EXPECT_FALSE(written);
    if (!written) {
      EXPECT_EQ(written.error().code, Code::kNoSpace) << to_string(written.error());
    }
    EXPECT_TRUE(store->list("")->empty());
    EXPECT_TRUE(store->leftovers("")->empty());
    EXPECT_TRUE(store::write_text(*store, "b", content_of(1U << 20U)));
  }
  Command unmount;
  unmount.argv = {"umount", "--lazy", path};
  EXPECT_TRUE(run_and_capture(std::move(unmount)));
}

// --- locks

TEST(SftpFault, ALockOfADeadProcessIsTakenOver) {
  const std::string path = fresh_path();
  store::SftpOptions options = options_for(path);
  const auto store = open(options);
  const std::string lock =
      "{\"format\":\"pgdr-lock\",\"token\":\"t\",\"owner\":\"process 1 on elsewhere\"}";
  ASSERT_TRUE(write_file(path + "/.lock-set", lock, 0666));
  std::filesystem::permissions(path + "/.lock-set", std::filesystem::perms(0666));
  const auto held = store->lock("set");
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().code, Code::kLocked);
  EXPECT_TRUE(says(held.error().message, "process 1 on elsewhere")) << held.error().message;
  std::filesystem::last_write_time(
      path + "/.lock-set",
      std::filesystem::file_time_type::clock::now() - std::chrono::minutes(11));
  const auto taken = store->lock("set");
  ASSERT_TRUE(taken) << to_string(taken.error());
  EXPECT_EQ(open(options)->lock("set").error().code, Code::kLocked);
  EXPECT_FALSE(std::filesystem::exists(path + "/.lock-set.take-over"));
  EXPECT_TRUE(store->leftovers("")->empty());
}

TEST(SftpFault, ALockIsRenewedAndItsLossIsKnown) {
  const std::string path = fresh_path();
  store::SftpOptions options = options_for(path);
  options.lock_lifetime = milliseconds(3000);  // times of SFTP are whole seconds
  const auto store = open(options);
  auto lease = store->lock("set");
  ASSERT_TRUE(lease) << to_string(lease.error());
  const std::string file = path + "/.lock-set";
  const auto before = std::filesystem::last_write_time(file);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (std::filesystem::last_write_time(file) == before && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_GT(std::filesystem::last_write_time(file), before);
  EXPECT_TRUE((*lease)->held());
  const std::string thief = "{\"format\":\"pgdr-lock\",\"token\":\"x\",\"owner\":\"a thief\"}";
  std::ofstream(file, std::ios::trunc) << thief;
  while ((*lease)->held() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ((*lease)->held().error().code, Code::kLocked);
  lease->reset();
  EXPECT_EQ(*read_file(file), thief);  // the thief's, so it stays
}

// The server is cut off for longer than a lock lives.
TEST(SftpFault, ALockThatCannotBeRenewedIsLost) {
  store::SftpOptions options = options_for(fresh_path());
  options.lock_lifetime = milliseconds(600);
  options.ssh.stall_timeout = milliseconds(200);
  options.ssh.connect_timeout = milliseconds(1000);
  auto lease = open(options)->lock("set");
  ASSERT_TRUE(lease) << to_string(lease.error());
  const ServerAction frozen("freeze", "thaw");
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while ((*lease)->held() && std::chrono::steady_clock::now() < end)
    std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ((*lease)->held().error().code, Code::kLocked);
  lease->reset();
}

TEST(SftpFault, WhatWasOpenedMayOutliveItsStore) {
  const std::string path = fresh_path();
  auto store = open(options_for(path));
  ASSERT_TRUE(store::write_text(*store, "a", "content"));
  auto source = store->open("a");
  auto upload = store->create("b");
  auto lease = store->lock("set");
  ASSERT_TRUE(source && upload && lease);
  std::vector<std::byte> buffer(7);
  EXPECT_EQ(*read_full(**source, buffer), 7U);
  source->reset();
  store.reset();
  ASSERT_TRUE(store::put(**upload, "x"));
  EXPECT_TRUE((*upload)->finish());
  lease->reset();
  EXPECT_FALSE(std::filesystem::exists(path + "/.lock-set"));
}

}  // namespace
}  // namespace pgdr::test
